//! What is no guest is refused before there is a pool, by an error that says what is wrong and what to do.

use wasm_mt_wasmtime::{BuildError, Pool};

use super::ground::{Ground, text_of};
use super::guest::Guest;

/// It is refused by this kind of error, and no other, with these words; another pool is built all the same.
#[track_caller]
fn refused(wasm: &[u8], is: fn(&BuildError) -> bool, says: &[&str]) {
    let error = Pool::builder(wasm).threads(2).build().unwrap_err();
    of_kind(&error, is);
    let text = text_of(&error);
    for word in says {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    Ground::of(&Guest::new()).holds();
}

#[track_caller]
fn of_kind(error: &BuildError, is: fn(&BuildError) -> bool) {
    assert!(is(error), "{}: {error:?}", text_of(error));
    let kinds = [
        BuildError::is_module,
        BuildError::is_component,
        BuildError::is_exports,
        BuildError::is_imports,
        BuildError::is_version,
        BuildError::is_limit,
        BuildError::is_instance,
        BuildError::is_settings,
        BuildError::is_threads,
        BuildError::is_job,
    ];
    let count = kinds.iter().filter(|is| is(error)).count();
    assert_eq!(count, 1, "{error:?} is of {count} kinds");
}

pub(crate) fn what_is_not_wasm() {
    refused(
        b"#!/bin/sh\necho no\n",
        BuildError::is_module,
        &["WebAssembly"],
    );
    // As much of a module as its magic number.
    refused(b"\0asm", BuildError::is_module, &["WebAssembly"]);
    let wasm = Guest::new().wasm();
    refused(
        &wasm[..wasm.len() / 2],
        BuildError::is_module,
        &["WebAssembly"],
    );
}

pub(crate) fn an_empty_file() {
    refused(b"", BuildError::is_module, &["WebAssembly"]);
}

pub(crate) fn a_component() {
    let component = wat::parse_str("(component)").unwrap();
    refused(
        &component,
        BuildError::is_component,
        &["component", "wasm32-wasip1"],
    );
}

/// A module, and no guest of ours.
pub(crate) fn no_exports() {
    refused(
        &wat::parse_str("(module)").unwrap(),
        BuildError::is_exports,
        &["wasm_mt"],
    );
}

pub(crate) fn no_memory() {
    refused(
        &Guest::new().without("memory").wasm(),
        BuildError::is_exports,
        &["memory"],
    );
}

pub(crate) fn no_abi() {
    refused(
        &Guest::new().without("wasm_mt_abi").wasm(),
        BuildError::is_exports,
        &["wasm_mt_abi"],
    );
}

pub(crate) fn no_run() {
    refused(
        &Guest::new().without("wasm_mt_run").wasm(),
        BuildError::is_exports,
        &["wasm_mt_run"],
    );
}

/// The names are there, and mean something else.
pub(crate) fn exports_of_other_types() {
    let wasm = Guest::new()
        .without("wasm_mt_run")
        .with("(global (export \"wasm_mt_run\") i32 (i32.const 1))")
        .wasm();
    refused(&wasm, BuildError::is_exports, &["wasm_mt_run"]);
    let wasm = Guest::new()
        .without("wasm_mt_run")
        .with("(func (export \"wasm_mt_run\") (param i64))")
        .wasm();
    refused(&wasm, BuildError::is_exports, &["wasm_mt_run"]);
    let wasm = Guest::new()
        .without("memory")
        .with("(func (export \"memory\"))")
        .wasm();
    refused(&wasm, BuildError::is_exports, &["memory"]);
}

/// What wasm-bindgen has written is for a browser.
pub(crate) fn imports_of_wasm_bindgen() {
    for module in ["wbg", "__wbindgen_placeholder__", "./page_bg.js"] {
        let import = format!("(import \"{module}\" \"__wbg_log_1\" (func (param i32)))");
        refused(
            &Guest::new().importing(&import),
            BuildError::is_imports,
            &["wasm-bindgen", "wasm32-wasip1"],
        );
    }
}

pub(crate) fn an_unknown_import() {
    let import = "(import \"env\" \"gettimeofday\" (func (param i32) (result i32)))";
    refused(
        &Guest::new().importing(import),
        BuildError::is_imports,
        &["env", "gettimeofday"],
    );
    // Of the host's own module, in a version to come.
    let import = "(import \"wasm_mt\" \"teleport\" (func))";
    refused(
        &Guest::new().importing(import),
        BuildError::is_imports,
        &["wasm_mt", "teleport"],
    );
}

/// A name that is known, with parameters that are not.
pub(crate) fn an_import_of_another_type() {
    let import = "(import \"wasm_mt\" \"payload\" (func (param i64 i64)))";
    refused(
        &Guest::new().importing(import),
        BuildError::is_imports,
        &["wasm_mt", "payload"],
    );
    let import = "(import \"wasm_mt\" \"payload\" (memory 1))";
    refused(
        &Guest::new().importing(import),
        BuildError::is_imports,
        &["wasm_mt", "payload"],
    );
}

pub(crate) fn another_version() {
    for version in [0, 2, -1] {
        let abi = format!("(i32.const {version})");
        refused(
            &Guest::new().abi(&abi).wasm(),
            BuildError::is_version,
            &[&version.to_string(), "1"],
        );
    }
}

pub(crate) fn an_abi_that_traps() {
    refused(
        &Guest::new().abi("(unreachable)").wasm(),
        BuildError::is_instance,
        &[],
    );
}

pub(crate) fn an_abi_that_never_ends() {
    let wasm = Guest::new().abi("(loop $on (br $on)) (i32.const 1)").wasm();
    refused(&wasm, BuildError::is_instance, &[]);
}

pub(crate) fn a_start_function_that_traps() {
    let wasm = Guest::new()
        .with("(func $start (unreachable)) (start $start)")
        .wasm();
    refused(&wasm, BuildError::is_instance, &[]);
}

pub(crate) fn a_start_function_that_never_ends() {
    let wasm = Guest::new()
        .with("(func $start (loop $on (br $on))) (start $start)")
        .wasm();
    refused(&wasm, BuildError::is_instance, &[]);
}

/// Before anything has run in it, a module has more memory than a job may have.
pub(crate) fn more_memory_than_the_limit_at_once() {
    let error = Pool::builder(Guest::new().wasm())
        .memory_limit(15 << 16)
        .build()
        .unwrap_err();
    of_kind(&error, BuildError::is_limit);
    Ground::of(&Guest::new()).holds();
}

/// The export that names a job is no function, traps, never ends, or points to where there is no kind.
pub(crate) fn a_name_without_a_job() {
    let of = |export: &str| Guest::new().with(export).wasm();
    let function = |body: &str| {
        let export = format!("(func (export \"wasm_mt_job_odd\") (result i32) {body})");
        of(&export)
    };
    let global = "(global (export \"wasm_mt_job_odd\") i32 (i32.const 0))";
    refused(&of(global), BuildError::is_exports, &["wasm_mt_job_odd"]);
    let takes = "(func (export \"wasm_mt_job_odd\") (param i32) (result i32) (i32.const 0))";
    refused(&of(takes), BuildError::is_exports, &["wasm_mt_job_odd"]);
    for body in [
        "(unreachable)",
        "(loop $on (br $on)) (i32.const 0)",
        "(i32.const 0xffff8)",
        "(i32.const -4)",
    ] {
        refused(&function(body), BuildError::is_instance, &[]);
    }
}

/// They ask for what only a job has.
pub(crate) fn imports_called_outside_of_a_job() {
    for call in [
        "(call $payload (i32.const 0))",
        "(call $result (i32.const 0) (i32.const 0) (i32.const 4))",
        "(drop (call $wait (i64.const -1)))",
        "(drop (call $child (i32.const 0) (i32.const 0) (i32.const 0)))",
        "(call $send (i32.const 0) (i32.const 0) (i32.const 4))",
    ] {
        let wasm = Guest::new().abi(&format!("{call} (i32.const 1)")).wasm();
        refused(&wasm, BuildError::is_instance, &[]);
        let start = format!("(func $start {call}) (start $start)");
        refused(
            &Guest::new().with(&start).wasm(),
            BuildError::is_instance,
            &[],
        );
    }
}

/// A memory that is 64-bit, or that others see.
pub(crate) fn memories_of_other_kinds() {
    for kind in ["i64 16", "16 16 shared"] {
        let other = format!("(memory $other (export \"memory\") {kind})");
        let wasm = Guest::new().without("memory").with(&other).wasm();
        let error = Pool::builder(wasm).threads(1).build().unwrap_err();
        let is_told = error.is_module() || error.is_exports();
        assert!(is_told, "{}: {error:?}", text_of(&error));
    }
    Ground::of(&Guest::new()).holds();
}
