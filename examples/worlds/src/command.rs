//! The command: arguments in, bytes out. The same natively, where the pool has OS threads, and as a WASI guest, where the host's
//! pool has more instances of this program.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use example_worlds::{Error, Program};
use wasm_mt::block_on;
use wasm_mt_pool::ThreadPool;

/// Runs what the arguments say.
pub(crate) fn run() -> ExitCode {
    match output() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("worlds: {error}");
            ExitCode::FAILURE
        }
    }
}

fn output() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let program = Program::of(&arguments, text)?;
    let output = block_on(async {
        let pool = ThreadPool::start().await?;
        program.run(&pool).await
    })?;
    io::stdout()
        .write_all(&output)
        .map_err(|error| Error::File("standard output".into(), error))
}

/// Of a file, or what comes in.
fn text(file: Option<&str>) -> Result<String, Error> {
    let read = match file {
        Some(file) => fs::read_to_string(file),
        None => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        }
    };
    read.map_err(|error| Error::File(file.unwrap_or("standard input").into(), error))
}
