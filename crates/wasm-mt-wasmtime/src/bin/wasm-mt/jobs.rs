//! `wasm-mt jobs`: what a host may ask a program for by its name.

use std::path::Path;
use std::process::ExitCode;

use wasm_mt::__abi::JOB;
use wasmtime::{Engine, ExternType, Module};

use crate::refuse;

/// Prints the names, sorted, one a line.
pub(crate) fn list(file: &Path) -> ExitCode {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => return refuse(format_args!("{}: {error}", file.display())),
    };
    let module = match Module::new(&Engine::default(), bytes) {
        Ok(module) => module,
        Err(error) => {
            let why = format!("{error:#}").replace('\n', " ");
            return refuse(format_args!(
                "{}: this is no WebAssembly module that can be run: {why}",
                file.display()
            ));
        }
    };
    let exports = module.exports();
    let functions = exports.filter(|export| matches!(export.ty(), ExternType::Func(_)));
    let mut names: Vec<_> = functions
        .filter_map(|export| Some(export.name().strip_prefix(JOB)?.to_owned()))
        .collect();
    names.sort();
    for name in names {
        println!("{name}");
    }
    ExitCode::SUCCESS
}
