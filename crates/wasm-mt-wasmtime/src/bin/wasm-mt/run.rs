//! `wasm-mt run`: a program's `main` as a job, whose own jobs run on sibling instances.

use std::num::NonZeroU64;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use wasm_mt_wasmtime::wasmtime_wasi::FsPerms;
use wasm_mt_wasmtime::{BuildError, JobError, Pool, Preemption, Stats, flush_output};

use crate::args::{Run, Turns};
use crate::{chain, refuse};

/// Exit codes as shells know them: of a time that was over, as `timeout` gives it, and of a program that was aborted.
const TIMED_OUT: i32 = 124;
const ABORTED: i32 = 134;

/// How long what was printed may take to be written, where the program was to be over by now.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs the program, and ends with its exit code.
pub(crate) fn run(args: Run) -> ExitCode {
    let file = args.file.display().to_string();
    let refused = |error: BuildError| refuse(format_args!("{file}: {}", chain(&error)));
    let wasm = match std::fs::read(&args.file) {
        Ok(wasm) => wasm,
        Err(error) => return refuse(format_args!("{file}: {error}")),
    };
    for directory in &args.dirs {
        if let Err(error) = std::fs::read_dir(&directory.host) {
            return refuse(format_args!("{}: {error}", directory.host.display()));
        }
    }
    let pool = match build(&args, wasm) {
        Ok(pool) => pool,
        Err(error) => return refused(error),
    };
    let main = match pool.run_main() {
        Ok(main) => main,
        Err(error) => return refused(error),
    };
    let main = match args.timeout {
        Some(limit) => main.timeout(limit),
        None => main,
    };
    let ended = main.wait();
    let is_late = matches!(&ended, Err(error) if error.is_deadline());
    flush_output(if is_late { LAST_WORDS } else { Duration::MAX });
    let mut words = String::new();
    let code = match ended {
        Ok(code) => code,
        Err(error) => {
            words = format!("wasm-mt: {file}: {}\n", last_words(&error));
            if is_late { TIMED_OUT } else { ABORTED }
        }
    };
    if args.stats {
        words += &table(&pool.stats());
    }
    say(words);
    // The pool's own end would wait for jobs that nothing stops, such as without preemption.
    std::process::exit(code)
}

/// Prints it on standard error, but for where nobody reads that: then the program's end does not wait for it.
fn say(words: String) {
    let (saying, said) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        eprint!("{words}");
        drop(saying);
    });
    // It ends with the other side, or with its time.
    let _ = said.recv_timeout(LAST_WORDS);
}

fn build(args: &Run, wasm: Vec<u8>) -> Result<Pool, BuildError> {
    let program = args.file.display().to_string();
    let (arguments, variables) = (args.args.clone(), args.variables.clone());
    let dirs = args.dirs.clone();
    let mut builder = Pool::builder(wasm).preemption(match args.preemption {
        Turns::Epoch(slice) => Preemption::Epoch { slice },
        Turns::Fuel { slice, budget } => Preemption::Fuel {
            slice: slice.get(),
            budget: budget.map_or(u64::MAX, NonZeroU64::get),
        },
        Turns::Off => Preemption::Off,
    });
    if let Some(threads) = args.threads {
        builder = builder.threads(threads.get());
    }
    if let Some(memory) = args.memory {
        builder = builder.memory_limit(memory);
    }
    if let Some(stores) = args.max_stores {
        builder = builder.max_stores(stores.get());
    }
    let builder = builder.wasi(move |context| {
        context.arg(&program).args(&arguments);
        for variable in &variables {
            context.env(&variable.name, &variable.value);
        }
        for directory in &dirs {
            context.preopened_dir(&directory.host, &directory.guest, FsPerms::ReadWrite)?;
        }
        Ok(())
    });
    builder.build()
}

/// Why `main` gave no exit code, in a line.
fn last_words(error: &JobError) -> String {
    let words = match (error.panic_message(), error.panic_location()) {
        (Some(message), Some(place)) => format!("`main` panicked at {place}: {message}"),
        (Some(message), None) => format!("`main` panicked: {message}"),
        // A panic ends in a trap, and `main` prints its message itself.
        _ if error.is_trap() => {
            format!("`main` panicked or trapped; what it printed may say why: {error}")
        }
        _ => format!("`main` was ended: {}", chain(error)),
    };
    words.replace('\n', " ")
}

/// What each thread has done.
fn table(stats: &Stats) -> String {
    let mut table = format!(
        "{:>6} {:>9} {:>9} {:>11} {:>7}\n",
        "thread", "run", "stolen", "busy ms", "stores"
    );
    for (number, worker) in stats.workers.iter().enumerate() {
        let busy = worker.busy.as_secs_f64() * 1e3;
        table += &format!(
            "{number:>6} {:>9} {:>9} {busy:>11.1} {:>7}\n",
            worker.run, worker.stolen, worker.stores
        );
    }
    table
}
