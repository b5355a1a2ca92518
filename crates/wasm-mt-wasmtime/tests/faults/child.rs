//! Runs each test's body in a process of its own, so that a host that dies is one failed test with an exit status to look at.
//! The process is this test binary once more, told by a variable which one test it is to run.

use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const CHILD: &str = "WASM_MT_FAULT";

/// What a body says last. Without it, a process in which the test did not run would pass.
const HELD: &str = "the host held: ";

/// More than any of them takes on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs it in a child, or, where this process is the child, here.
pub(crate) fn run(name: &str, body: fn()) {
    if std::env::var(CHILD).is_ok_and(|asked| asked == name) {
        let _ends = Watchdog::start();
        body();
        println!("{HELD}{name}");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, name)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains(&format!("{HELD}{name}\n")),
        "{}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Ends the process where a body does not.
struct Watchdog {
    _alive: mpsc::Sender<()>,
}

impl Watchdog {
    fn start() -> Self {
        let (alive, gone) = mpsc::channel::<()>();
        thread::spawn(move || {
            if gone.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
                eprintln!("it hung for {LIMIT:?}");
                std::process::exit(124);
            }
        });
        Watchdog { _alive: alive }
    }
}
