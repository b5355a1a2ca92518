//! What runs the models of the fabrics by loom, with the files that are shipped: whole, and again without a step, when they must
//! fail.

use std::fmt::Debug;
use std::process::Command;
use std::sync::LazyLock;

/// Names the step that is left out.
const LEFT_OUT: &str = "WASM_MT_LEFT_OUT";

/// Set where the models are to run with as many preemptions as end within some minutes; else they have as many as end within seconds,
/// or `LOOM_MAX_PREEMPTIONS`.
const DEEP: &str = "WASM_MT_DEEP";

/// What loom says where somebody sleeps for ever.
pub(super) const SLEEPS: &str = "deadlock; threads";

/// Whether the step is taken in this process.
pub(super) fn taken(step: impl Debug) -> bool {
    static LEFT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var(LEFT_OUT).ok());
    LEFT.as_ref()
        .is_none_or(|left| *left != format!("{step:?}"))
}

/// With so many preemptions, and in deep runs so many.
pub(super) fn check(model: impl Fn() + Send + Sync + 'static, [few, deep]: [usize; 2]) {
    let is_deep = std::env::var_os(DEEP).is_some();
    let mut builder = loom::model::Builder::new();
    builder
        .preemption_bound
        .get_or_insert(if is_deep { deep } else { few });
    builder.check(model);
}

/// Runs the test of a model of the module `here` without the step, in a process of its own: loom's end of a failed model can be an abort.
/// It is to end with one of these words: the model is not itself at fault.
#[track_caller]
pub(super) fn fails_without(step: impl Debug, here: &str, test: &str, ends: &[&str]) {
    let here = here.split_once("::").map_or("", |(_, path)| path);
    let output = Command::new(std::env::current_exe().expect("the test knows its program"))
        .args([&format!("{here}::{test}"), "--exact", "--nocapture"])
        .env(LEFT_OUT, format!("{step:?}"))
        // What fails with few preemptions fails.
        .env_remove(DEEP)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("the test's program runs");
    let told = String::from_utf8_lossy(&output.stderr);
    let ran = String::from_utf8_lossy(&output.stdout).contains("running 1 test");
    let noticed = ends.iter().any(|end| told.contains(end));
    assert!(
        ran && !output.status.success() && noticed,
        "without {step:?} the model does not end as it should:\n{told}"
    );
}
