//! A WASI program for the tests of WASI and of the command: it speaks to its host by bare imports, so that it needs no library and
//! `rustc` alone builds it. Its first argument says what `main` does; a job's record what the job does.

use std::io::{BufRead, Read, Write};
use std::time::Duration;

#[link(wasm_import_module = "wasm_mt")]
unsafe extern "C" {
    fn payload(to: *mut u8);
    fn result(status: i32, from: *const u8, len: i32);
    fn spawn(from: *const u8, len: i32, flags: i32, worker: i32) -> i64;
    fn wait(timeout: i64) -> i32;
    fn take(to: *mut u8);
    fn panicked(from: *const u8, len: i32);
}

/// What a job does. They lie where a kind's trampoline would; the number beside is the function's.
const PRINT: u32 = 1;
const SLEEP: u32 = 2;
const EXIT: u32 = 3;
const READ: u32 = 4;
const STATE: u32 = 5;
const NO_END: u32 = 6;

#[unsafe(no_mangle)]
extern "C" fn wasm_mt_abi() -> i32 {
    1
}

/// The place of a kind, for hosts that ask by its name.
macro_rules! names {
    ($($name:ident: $job:expr, $number:expr;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> i32 {
            static KIND: [u32; 4] = [$job, $number, 0, 0];
            KIND.as_ptr() as i32
        }
    )*};
}

names! {
    wasm_mt_job_state: STATE, 0;
    wasm_mt_job_exit: EXIT, 5;
    wasm_mt_job_sleep: SLEEP, 60_000;
}

#[unsafe(no_mangle)]
extern "C" fn wasm_mt_run(len: i32) {
    let mut job = vec![0; len as usize];
    // SAFETY: the host writes so many bytes.
    unsafe { payload(job.as_mut_ptr()) };
    let number = |at: usize| u32::from_le_bytes(job[at..at + 4].try_into().unwrap());
    let mut answer = 0_u32.to_le_bytes().to_vec();
    match (number(0), number(4)) {
        (PRINT, worker) => {
            for line in 0..50 {
                // Standard error is not buffered: each part is a write of its own.
                eprintln!("{worker} {line} {worker} {line}");
                println!("{worker} {line} {}", "x".repeat(line * 40));
            }
        }
        (SLEEP, milliseconds) => std::thread::sleep(Duration::from_millis(milliseconds.into())),
        (EXIT, code) => std::process::exit(code as i32),
        (READ, _) => {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text).unwrap();
            answer.push(text.len() as u8);
        }
        (STATE, _) => {
            let file = std::fs::read_to_string("/data/file").unwrap_or_default();
            let variable = std::env::var("KEY").unwrap_or_default();
            let args: Vec<String> = std::env::args().skip(1).collect();
            let state = format!("{} {variable} {file}", args.join(","));
            answer.push(state.len() as u8);
            answer.extend(state.bytes());
        }
        (NO_END, _) => {
            print!("no end");
            std::io::stdout().flush().unwrap();
        }
        other => panic!("no such job: {other:?}"),
    }
    // SAFETY: the bytes are there.
    unsafe { result(0, answer.as_ptr(), answer.len() as i32) };
}

fn child(job: u32, number: u32) -> i64 {
    let mut record = job.to_le_bytes().to_vec();
    record.extend(number.to_le_bytes());
    record.resize(32, 0);
    // SAFETY: the bytes are there.
    unsafe { spawn(record.as_ptr(), record.len() as i32, 0, -1) }
}

/// Waits until so many children have ended. Gives their ids, their statuses and the bytes of their values.
fn ends(count: usize) -> Vec<(i64, u32, Vec<u8>)> {
    let mut ends = Vec::new();
    while ends.len() < count {
        // SAFETY: it is given what it asks for.
        let len = unsafe { wait(-1) };
        let mut events = vec![0; len as usize];
        // SAFETY: so many bytes were counted.
        unsafe { take(events.as_mut_ptr()) };
        let mut from = &events[..];
        while !from.is_empty() {
            let number = |at: usize| u32::from_le_bytes(from[at..at + 4].try_into().unwrap());
            let id = u64::from_le_bytes(from[4..12].try_into().unwrap());
            let (tag, status, len) = (number(0), number(12), number(16) as usize);
            if tag == 0 {
                ends.push((id as i64, status, from[20..20 + len].to_vec()));
            }
            from = &from[20 + len..];
        }
    }
    ends
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |at: usize| args[at].parse::<u32>().unwrap();
    match args.get(1).map_or("", String::as_str) {
        "" => {}
        "args" => println!("{}", args[1..].join(" ")),
        "exit" => std::process::exit(number(2) as i32),
        "panic" => {
            std::panic::set_hook(Box::new(|_| {
                let mut told = Vec::new();
                for text in ["main gives up", "src/main.rs:1:2"] {
                    told.extend((text.len() as u32).to_le_bytes());
                    told.extend(text.bytes());
                }
                told.extend([0; 4]);
                // SAFETY: the bytes are there.
                unsafe { panicked(told.as_ptr(), told.len() as i32) };
            }));
            panic!("main gives up");
        }
        "trap" => std::process::abort(),
        "spin" => loop {
            std::hint::black_box(());
        },
        "grow" => {
            let mut all = Vec::new();
            loop {
                all.push(vec![1_u8; 1 << 20]);
                std::hint::black_box(&all);
            }
        }
        "ask" => {
            print!("name? ");
            std::io::stdout().flush().unwrap();
            let mut name = String::new();
            std::io::stdin().lock().read_line(&mut name).unwrap();
            println!("hello {}", name.trim());
        }
        "print" => {
            for worker in 0..number(2) {
                child(PRINT, worker);
            }
            ends(number(2) as usize);
        }
        "complain" => loop {
            eprintln!("it is too dark in here");
        },
        "no-end" => {
            child(NO_END, 0);
            ends(1);
            print!("main too");
        }
        "sleep" => {
            // The long one begins first, on the one thread that there is.
            let long = child(SLEEP, 60_000);
            let short = child(SLEEP, 1);
            let first = ends(1)[0].0;
            assert_ne!(first, long);
            println!(
                "{}",
                if first == short {
                    "the short one first"
                } else {
                    "neither"
                }
            );
        }
        "job-exit" => {
            child(EXIT, 3);
            let (_, status, why) = ends(1).remove(0);
            println!("{status} {}", String::from_utf8_lossy(&why));
            std::process::exit(4);
        }
        "job-stdin" => {
            child(READ, 0);
            println!("{:?}", ends(1)[0].2.last());
        }
        "job-state" => {
            std::fs::write("/data/file", "written by main").unwrap();
            child(STATE, 0);
            println!("{}", String::from_utf8_lossy(&ends(1)[0].2[5..]));
        }
        other => panic!("no such test: {other}"),
    }
}
