//! The page's side: one function for its script, `page.js`, with the arguments of the command.

use example_worlds::{Error, Program};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use wasm_mt_pool::ThreadPool;

/// Starts the pool, so that it is there when something is to be run. In the workers `main` does not run.
pub(crate) fn run() {
    // Whoever runs a program hears what came of it.
    spawn_local(async { drop(ThreadPool::global().await) });
}

/// What the program gives that these arguments name. `text` is what comes in.
#[wasm_bindgen]
pub async fn output(arguments: Vec<String>, text: String) -> Result<Vec<u8>, JsError> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let program = Program::of(&arguments, |file| match file {
        None => Ok(text),
        Some(file) => Err(Error::Usage(format!("a page cannot read {file}"))),
    })?;
    let pool = ThreadPool::global().await.map_err(Error::from)?;
    Ok(program.run(&pool).await?)
}

/// How many workers the pool has.
#[wasm_bindgen]
pub async fn workers() -> Result<usize, JsError> {
    Ok(ThreadPool::global().await?.workers())
}
