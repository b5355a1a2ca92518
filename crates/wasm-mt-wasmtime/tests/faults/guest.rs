//! Guests in WebAssembly's text, for tests of what a host does with a program that errs or lies: no compiler of ours would
//! write it. A job's body is text that may use all imports of `abi.rs`, by their names, and the functions of [`COMMON`].
//!
//! Arguments and results are one byte (`u8`), so that no guest here has to know of postcard. What lies where in a guest's
//! memory: kinds from 0, records of jobs to spawn from [`RECORDS`], the running job's record at 8192, texts at 16384, what is
//! taken at 65536.

use std::fmt::Write;

/// Where the records begin; the one of the job at place n lies `n * RECORD` further.
const RECORDS: usize = 1024;
const RECORD: usize = 64;

/// The job that each guest has: it gives the number that follows the one it is given.
pub(crate) const NEXT: &str = "next";

// Bodies that several guests have.

/// Never ends, and calls nobody.
pub(crate) const SPINS: &str = "(loop $on (br $on))";
/// Never ends, and can be stopped.
pub(crate) const CHECKS: &str = "(loop $on (call $checkpoint) (br $on))";
/// Waits again and again, whatever it hears.
pub(crate) const DEAF: &str = "(loop $on (drop (call $heed (i64.const -1))) (br $on))";
/// Waits until it is aborted, and ends by that.
pub(crate) const HEEDS: &str = "(loop $on
       (drop (call $heed (i64.const -1)))
       (br_if $on (i32.eqz (global.get $aborted))))
     (call $result (i32.const 1) (i32.const 0) (i32.const 0))";

/// Has as many below it, each the child of the one before, as its argument says, and gives how many there were: for the job at
/// this place of its guest's.
pub(crate) fn chain(place: u8) -> String {
    format!(
        "(if (i32.eqz (call $arg)) (then (call $answer (i32.const 0)) (return)))
         (drop (call $child (i32.const {place}) (i32.sub (call $arg) (i32.const 1)) (i32.const 0)))
         (call $await (i32.const 1))
         (if (global.get $status) (then (call $answer (i32.const 0)) (return)))
         (call $answer (i32.add (global.get $value) (i32.const 1)))"
    )
}

const IMPORTS: &[(&str, &str)] = &[
    ("payload", "(param i32)"),
    ("result", "(param i32 i32 i32)"),
    ("panicked", "(param i32 i32)"),
    ("spawn", "(param i32 i32 i32 i32) (result i64)"),
    ("wait", "(param i64) (result i32)"),
    ("poll", "(result i32)"),
    ("take", "(param i32)"),
    ("cancel", "(param i64)"),
    ("detach", "(param i64)"),
    ("send", "(param i32 i32 i32)"),
    ("close", "(param i32)"),
    ("share", "(param i32 i32) (result i64)"),
    ("unshare", "(param i64)"),
    ("shared", "(param i64) (result i32)"),
    ("checkpoint", ""),
    ("workers", "(result i32)"),
    ("worker", "(result i32)"),
    ("stats", "(result i32)"),
];

/// `$arg`: the running job's argument. `$answer`: ends it with this number. `$child`: spawns the job at this place of the
/// guest's, with this argument and these flags, and gives its id. `$heed`: waits for events, so many nanoseconds, and takes
/// them; gives how many children have ended, and leaves the last one's status and number in `$status` and `$value`, and whether
/// the job itself was aborted in `$aborted`. `$await`: heeds until so many children have ended. `$panic`: as a Rust guest ends
/// by a panic.
const COMMON: &str = r#"
  (global $status (mut i32) (i32.const -1))
  (global $value (mut i32) (i32.const -1))
  (global $aborted (mut i32) (i32.const 0))
  (global $calls (mut i32) (i32.const 0))
  (data (i32.const 16384) "\04\00\00\00boom\0d\00\00\00guest.rs:7:13\00\00\00\00")
  (func $arg (result i32) (i32.load8_u (i32.const 8224)))
  (func $answer (param $number i32)
    (i32.store (i32.const 20480) (i32.const 0))
    (i32.store8 (i32.const 20484) (local.get $number))
    (call $result (i32.const 0) (i32.const 20480) (i32.const 5)))
  (func $child (param $place i32) (param $arg i32) (param $flags i32) (result i64)
    (local $record i32)
    (local.set $record
      (i32.add (i32.const 1024) (i32.mul (local.get $place) (i32.const 64))))
    (i32.store8 offset=32 (local.get $record) (local.get $arg))
    (call $spawn (local.get $record) (i32.const 33) (local.get $flags) (i32.const -1)))
  (func $heed (param $time i64) (result i32)
    (local $at i32) (local $end i32) (local $ended i32) (local $tag i32)
    (local.set $at (i32.const 65536))
    (local.set $end (i32.add (i32.const 65536) (call $wait (local.get $time))))
    (if (i32.eq (local.get $end) (i32.const 65536)) (then (return (i32.const 0))))
    (call $take (i32.const 65536))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $tag (i32.load (local.get $at)))
        (if (i32.eq (local.get $tag) (i32.const 4)) (then (global.set $aborted (i32.const 1))))
        (if (i32.eqz (local.get $tag)) (then
          (local.set $ended (i32.add (local.get $ended) (i32.const 1)))
          (global.set $status (i32.load offset=12 (local.get $at)))
          (global.set $value (i32.load8_u offset=24 (local.get $at)))))
        (local.set $at (i32.add (i32.add (local.get $at) (i32.const 20))
          (i32.load offset=16 (local.get $at))))
        (br $next)))
    (local.get $ended))
  (func $await (param $children i32)
    (loop $next
      (local.set $children (i32.sub (local.get $children) (call $heed (i64.const -1))))
      (br_if $next (i32.gt_s (local.get $children) (i32.const 0)))))
  (func $panic
    (call $panicked (i32.const 16384) (i32.const 29))
    (unreachable))
"#;

/// A module that is being written.
#[derive(Clone)]
pub(crate) struct Guest {
    jobs: Vec<(String, String)>,
    more: String,
    abi: String,
    pages: u32,
    without: Option<&'static str>,
}

impl Guest {
    /// One that has the job [`NEXT`], at place 0.
    pub(crate) fn new() -> Self {
        let guest = Guest {
            jobs: Vec::new(),
            more: String::new(),
            abi: "(i32.const 1)".into(),
            pages: 16,
            without: None,
        };
        guest.job(NEXT, "(call $answer (i32.add (call $arg) (i32.const 1)))")
    }

    /// With a job of this body, at the next place.
    pub(crate) fn job(mut self, name: &str, body: &str) -> Self {
        self.jobs.push((name.into(), body.into()));
        self
    }

    /// With these items of a module; `import`s do not fit here.
    pub(crate) fn with(mut self, items: &str) -> Self {
        self.more.push_str(items);
        self
    }

    /// With this body of `wasm_mt_abi`.
    pub(crate) fn abi(mut self, body: &str) -> Self {
        self.abi = body.into();
        self
    }

    /// Without the export of this name.
    pub(crate) fn without(mut self, export: &'static str) -> Self {
        self.without = Some(export);
        self
    }

    fn export(&self, name: &str) -> String {
        if self.without == Some(name) {
            String::new()
        } else {
            format!("(export \"{name}\")")
        }
    }

    /// Its text, with `imports` before all else.
    fn text(&self, imports: &str) -> String {
        let mut text = format!("(module {imports}\n");
        for (name, kind) in IMPORTS {
            writeln!(
                text,
                "(import \"wasm_mt\" \"{name}\" (func ${name} {kind}))"
            )
            .unwrap();
        }
        let memory = self.export("memory");
        let (abi, run) = (self.export("wasm_mt_abi"), self.export("wasm_mt_run"));
        let body = &self.abi;
        writeln!(
            text,
            "(memory {memory} {pages}) (type $job (func))
             (table $jobs {size} funcref) {COMMON}
             (func {abi} (result i32) {body})
             (func {run} (param i32)
               (call $payload (i32.const 8192))
               (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
               (call_indirect $jobs (type $job) (i32.load (i32.const 8196))))",
            pages = self.pages,
            size = self.jobs.len() + 1,
        )
        .unwrap();
        for (place, (name, body)) in self.jobs.iter().enumerate() {
            let kind = kind_of(place);
            let record: String = kind.clone() + &"\\00".repeat(17);
            writeln!(
                text,
                "(elem (table $jobs) (i32.const {function}) func $job_{place})
                 (data (i32.const {at}) \"{kind}\") (data (i32.const {record_at}) \"{record}\")
                 (func {export} (result i32) (i32.const {at}))
                 (func $job_{place} {body})",
                function = place + 1,
                at = place * 16,
                record_at = RECORDS + place * RECORD,
                export = self.export(&format!("wasm_mt_job_{name}")),
            )
            .unwrap();
        }
        text + &self.more + ")"
    }

    /// The module.
    pub(crate) fn wasm(&self) -> Vec<u8> {
        self.importing("")
    }

    /// The module, with these imports more.
    pub(crate) fn importing(&self, imports: &str) -> Vec<u8> {
        let text = self.text(imports);
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }
}

/// The bytes of the `Kind` of the job at this place, as a text has them.
fn kind_of(place: usize) -> String {
    let function = place as u8 + 1;
    format!(
        "\\01\\00\\00\\00\\{function:02x}\\00\\00\\00\\{function:02x}\\00\\00\\00\\00\\00\\00\\5a"
    )
}
