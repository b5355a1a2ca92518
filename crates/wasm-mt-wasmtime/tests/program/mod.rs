//! The guest of `guest.rs`, built once by each test program.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The module's file.
pub(crate) fn guest() -> &'static PathBuf {
    static GUEST: OnceLock<PathBuf> = OnceLock::new();
    GUEST.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/guest.rs");
        let name = format!("wasi-guest-{}.wasm", env!("CARGO_CRATE_NAME"));
        let module = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let built = Command::new(rustc)
            .args(["--edition", "2024", "-O", "-C", "strip=symbols"])
            .args(["--target", "wasm32-wasip1", source, "-o"])
            .arg(&module)
            .output()
            .expect("rustc runs");
        assert!(
            built.status.success(),
            "the guest does not build; is the target wasm32-wasip1 there? {}",
            String::from_utf8_lossy(&built.stderr)
        );
        module
    })
}

/// An empty directory of this name.
pub(crate) fn directory(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a directory can be made");
    path
}
