//! What a module has to export, and may import. Looked at before anything of it runs, so that each lack is told by its name.

use wasm_mt::__abi::{JOB, MODULE};
use wasmtime::{ExternType, FuncType, Linker, Module, ModuleExport, ValType};

use crate::context::Context;
use crate::error::{BuildError, BuildErrorKind};
use crate::host::Exports;

/// Where wasm-bindgen's functions come from, in what its command has not or has gone over.
const JAVASCRIPT: [&str; 4] = [
    "__wbindgen_placeholder__",
    "__wbindgen_externref_xform__",
    "wbg",
    "env_js",
];

/// Where all of WASI's first preview comes from.
const WASI: &str = "wasi_snapshot_preview1";

pub(super) fn exports(module: &Module) -> Result<Exports, BuildError> {
    let mut missing = Vec::new();
    let mut export = |name: &str, what: &str, fits: &dyn Fn(&ExternType) -> bool| {
        let is_there = module.get_export(name).is_some_and(|export| fits(&export));
        let export = module.get_export_index(name).filter(|_| is_there);
        if export.is_none() {
            missing.push(format!("`{name}` as {what}"));
        }
        export
    };
    let memory = export(
        "memory",
        "a memory",
        &|export| matches!(export, ExternType::Memory(memory) if !memory.is_64() && !memory.is_shared()),
    );
    let abi = export("wasm_mt_abi", "a function `() -> i32`", &|export| {
        is_function(export, &[], &[ValType::I32])
    });
    let run = export("wasm_mt_run", "a function `(i32)`", &|export| {
        is_function(export, &[ValType::I32], &[])
    });
    match (memory, abi, run) {
        (Some(memory), Some(abi), Some(run)) => Ok(Exports {
            memory,
            abi,
            run,
            start: start(module),
        }),
        _ => Err(BuildErrorKind::Exports(missing.join(", ")).into()),
    }
}

fn start(module: &Module) -> Option<ModuleExport> {
    let fits = module
        .get_export("_start")
        .is_some_and(|export| is_function(&export, &[], &[]));
    module.get_export_index("_start").filter(|_| fits)
}

fn is_function(export: &ExternType, params: &[ValType], results: &[ValType]) -> bool {
    let same = |function: &FuncType| {
        let is = |of: &mut dyn Iterator<Item = ValType>, expected: &[ValType]| {
            let of: Vec<_> = of.collect();
            of.len() == expected.len()
                && of
                    .iter()
                    .zip(expected)
                    .all(|(one, other)| ValType::eq(one, other))
        };
        is(&mut function.params(), params) && is(&mut function.results(), results)
    };
    matches!(export, ExternType::Func(function) if same(function))
}

/// The names that the module has for hosts.
pub(super) fn names(module: &Module) -> impl Iterator<Item = String> {
    module
        .exports()
        .filter_map(|export| export.name().strip_prefix(JOB).map(String::from))
}

pub(super) fn imports(module: &Module, linker: &Linker<Context>) -> Result<(), BuildError> {
    // What a linker has it tells only to a store, of which there is none yet; or by having it a second time.
    let mut linker = linker.clone();
    let unknown: Vec<(String, String)> = module
        .imports()
        .enumerate()
        .filter(|(at, import)| {
            let again = linker.alias(
                import.module(),
                import.name(),
                "a second time",
                &at.to_string(),
            );
            again.is_err()
        })
        .map(|(_, import)| import)
        .map(|import| (import.module().into(), import.name().into()))
        .collect();
    let told = |of: &dyn Fn(&str) -> bool| {
        let of: Vec<_> = unknown
            .iter()
            .filter(|(module, _)| of(module))
            .map(|(module, name)| format!("`{name}` of `{module}`"))
            .collect();
        match of.len() {
            0 => None,
            1..=5 => Some(of.join(", ")),
            more => Some(format!("{}, and {} more", of[..5].join(", "), more - 5)),
        }
    };
    let is_javascript = |module: &str| JAVASCRIPT.contains(&module) || module.ends_with(".js");
    if let Some(javascript) = told(&is_javascript) {
        return Err(BuildErrorKind::JavaScript(javascript).into());
    }
    if let Some(wasi) = told(&|module| module == WASI) {
        return Err(BuildErrorKind::Wasi(wasi).into());
    }
    if let Some(others) = told(&|module| module != MODULE) {
        return Err(BuildErrorKind::Imports(others).into());
    }
    match told(&|_| true) {
        Some(ours) => {
            let of_another = format!("{ours}, which this version of wasm-mt does not know");
            Err(BuildErrorKind::Imports(of_another).into())
        }
        None => Ok(()),
    }
}
