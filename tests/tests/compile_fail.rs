//! What must not compile, and what the compiler says of it. The texts are those of the Rust that `rust-version` names;
//! `TRYBUILD=overwrite cargo test -p wasm-mt-tests --test compile_fail` writes them anew.
#![cfg(not(target_family = "wasm"))]

#[test]
fn mistakes_are_compile_errors_that_help() {
    trybuild::TestCases::new().compile_fail("compile-fail/*.rs");
}
