//! The command: what `wasm-mt run` and `wasm-mt jobs` do, print and end with, in a process of its own.
#![cfg(feature = "cli")]

mod program;

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use program::{directory, guest};

/// Far more than anything takes: that it is over is a failure.
const LONG: &str = "60s";

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-mt"));
    command.args(args);
    command
}

/// The command's code, standard output and standard error.
fn ended(command: &mut Command) -> (i32, String, String) {
    said(command.stdin(Stdio::null()).output().expect("it starts"))
}

fn said(output: Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().expect("it ends by itself");
    (code, text(&output.stdout), text(&output.stderr))
}

/// Runs the guest, with options and arguments of its own.
fn run(options: &[&str], args: &[&str]) -> (i32, String, String) {
    ended(
        command(&["run", "--timeout", LONG])
            .args(options)
            .arg(guest())
            .arg("--")
            .args(args),
    )
}

fn ask(args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = start(args);
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input).expect("it reads");
    drop(stdin);
    said(child.wait_with_output().expect("it ends"))
}

fn start(args: &[&str]) -> Child {
    let mut command = command(&["run", "--timeout", LONG]);
    command.arg(guest()).arg("--").args(args);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

#[test]
fn the_programs_code_is_the_commands() {
    assert_eq!(run(&[], &[]), (0, String::new(), String::new()));
    for code in ["0", "7", "126", "200"] {
        assert_eq!(run(&[], &["exit", code]).0.to_string(), code);
    }
}

#[test]
fn a_panic_of_main_is_134_and_says_where() {
    let (code, _, error) = run(&[], &["panic"]);
    assert_eq!(code, 134);
    assert!(
        error.contains("`main` panicked at src/main.rs:1:2: main gives up"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn a_trap_of_main_is_134_and_says_which() {
    let (code, _, error) = run(&[], &["trap"]);
    assert_eq!(code, 134);
    assert!(error.contains("unreachable"), "{error}");
}

#[test]
fn a_time_that_is_over_is_124_whatever_the_program_does() {
    for preemption in ["epoch:1ms", "fuel:100000", "off"] {
        let mut command = command(&["run", "--timeout", "200ms", "--preemption", preemption]);
        let (code, _, error) = ended(command.arg(guest()).arg("spin"));
        assert_eq!(code, 124, "{preemption}: {error}");
        assert!(error.contains("200ms"), "{error}");
    }
}

#[test]
fn a_budget_that_is_used_up_is_134() {
    let (code, _, error) = run(&["--preemption", "fuel:100000/50000000"], &["spin"]);
    assert_eq!(code, 134);
    assert!(error.contains("fuel"), "{error}");
}

#[test]
fn bad_arguments_are_2_with_a_line() {
    let file = guest().to_str().expect("its path is text");
    for args in [
        &[][..],
        &["walk"],
        &["run"],
        &["run", "--threads", "0", file],
        &["run", "--threads", "100000", file],
        &["run", "--timeout", "soon", file],
        &["run", "--memory", "much", file],
        &["run", "--memory", "1", file],
        &["run", "--max-stores", "0", file],
        &["run", "--preemption", "never", file],
        &["run", "--env", "KEY", file],
        &["run", "--dir", "/no/such/directory", file],
        &["jobs"],
    ] {
        let (code, out, error) = ended(&mut command(args));
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{args:?}: {error}");
        assert!(error.starts_with("wasm-mt: "), "{args:?}: {error}");
    }
}

#[test]
fn a_bad_file_is_2_with_a_line() {
    let files = directory("bad-files");
    let wat = |text: &str| wat::parse_str(text).expect("it is a module");
    for (name, bytes, why) in [
        (
            "text.wasm",
            b"no wasm at all".to_vec(),
            "no WebAssembly module",
        ),
        ("empty.wasm", Vec::new(), "no WebAssembly module"),
        ("component.wasm", wat("(component)"), "component"),
        ("bare.wasm", wat("(module)"), "wasm_mt_abi"),
        (
            "reactor.wasm",
            wat(r#"(module (memory (export "memory") 1)
                (func (export "wasm_mt_abi") (result i32) (i32.const 1))
                (func (export "wasm_mt_run") (param i32)))"#),
            "_start",
        ),
    ] {
        let file = files.join(name);
        std::fs::write(&file, bytes).expect("it can be written");
        let (code, _, error) = ended(command(&["run"]).arg(&file));
        assert_eq!(code, 2, "{name}: {error}");
        assert_eq!(error.lines().count(), 1, "{name}: {error}");
        assert!(error.contains(why), "{name}: {error}");
    }
    let gone = files.join("gone.wasm");
    for verb in ["run", "jobs"] {
        let (code, _, error) = ended(command(&[verb]).arg(&gone));
        assert_eq!((code, error.lines().count()), (2, 1), "{error}");
    }
    let text = files.join("text.wasm");
    assert_eq!(ended(command(&["jobs"]).arg(&text)).0, 2);
}

#[test]
fn arguments_need_no_dashes_in_the_place_of_a_runner() {
    let (code, out, error) = ended(
        command(&["run"])
            .arg(guest())
            .args(["args", "--list", "-x"]),
    );
    assert_eq!((code, out.as_str()), (0, "args --list -x\n"), "{error}");
    assert_eq!(
        run(&["--threads", "1"], &["args", "--stats"]).1,
        "args --stats\n"
    );
}

#[test]
fn jobs_have_the_programs_arguments_environment_and_directories() {
    let data = directory("run-data");
    let data = format!("{}::/data", data.display());
    let options = ["--dir", data.as_str(), "--env", "KEY=value"];
    let (code, out, error) = run(&options, &["job-state"]);
    assert_eq!(
        (code, out.as_str()),
        (0, "job-state value written by main\n"),
        "{error}"
    );
}

#[test]
fn memory_beyond_its_limit_is_134_and_says_so() {
    let (code, _, error) = run(&["--memory", "32M"], &["grow"]);
    assert_eq!(code, 134);
    assert!(error.contains("memory"), "{error}");
}

#[test]
fn stats_have_a_row_for_each_thread() {
    let (code, out, error) = run(&["--threads", "3", "--stats"], &["print", "5"]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(out.lines().count(), 5 * 50);
    let table: Vec<&str> = error
        .lines()
        .skip_while(|line| !line.contains("stolen"))
        .collect();
    assert_eq!(table.len(), 4, "{error}");
    let run = |row: &&str| {
        row.split_whitespace()
            .nth(1)
            .and_then(|run| run.parse::<u32>().ok())
    };
    // `main` is a job, too.
    assert_eq!(table[1..].iter().filter_map(run).sum::<u32>(), 6, "{error}");
}

#[test]
fn jobs_are_listed() {
    let (code, out, _) = ended(command(&["jobs"]).arg(guest()));
    assert_eq!((code, out.as_str()), (0, "exit\nsleep\nstate\n"));
}

#[test]
fn a_question_comes_out_before_its_answer_is_read() {
    use std::io::Read;

    let mut child = start(&["ask"]);
    let mut stdout = child.stdout.take().expect("it is piped");
    let mut question = [0; 6];
    stdout.read_exact(&mut question).expect("it asks");
    assert_eq!(&question, b"name? ");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"you\n").expect("it reads");
    let mut answer = String::new();
    stdout.read_to_string(&mut answer).expect("it answers");
    assert_eq!(answer, "hello you\n");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn standard_input_belongs_to_main() {
    assert_eq!(ask(&["job-stdin"], b"for main\n").1, "Some(0)\n");
    assert_eq!(ask(&["ask"], b"main\n").1, "name? hello main\n");
}

#[test]
fn lines_of_jobs_that_print_at_once_do_not_mix() {
    let (code, out, error) = run(&["--threads", "4"], &["print", "8"]);
    assert_eq!(code, 0, "{error}");
    let mut expected_out = Vec::new();
    let mut expected_error = Vec::new();
    for worker in 0..8 {
        for line in 0..50 {
            expected_out.push(format!("{worker} {line} {}", "x".repeat(line * 40)));
            expected_error.push(format!("{worker} {line} {worker} {line}"));
        }
    }
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        lines.sort();
        lines
    };
    expected_out.sort();
    expected_error.sort();
    assert!(sorted(&out) == expected_out, "lines mix: {out}");
    assert!(sorted(&error) == expected_error, "lines mix: {error}");
}

#[test]
fn a_last_line_without_an_end_comes_out_at_its_jobs_end() {
    assert_eq!(run(&[], &["no-end"]).1, "no endmain too");
}

#[test]
fn a_sleep_keeps_no_other_job_of_its_thread() {
    let (code, out, error) = run(&["--threads", "1"], &["sleep"]);
    assert_eq!(
        (code, out.as_str()),
        (0, "the short one first\n"),
        "{error}"
    );
}

#[test]
fn exit_in_a_job_ends_that_job_alone() {
    let (code, out, error) = run(&[], &["job-exit"]);
    // A trap, as far as the program's own library knows.
    assert!(
        out.starts_with('6') && out.contains("with the code 3"),
        "{out}"
    );
    assert_eq!(code, 4, "{error}");
}

#[test]
fn a_program_whose_errors_nobody_reads_ends_at_its_time() {
    let mut command = command(&["run", "--timeout", "500ms", "--threads", "2"]);
    let mut child = command
        .arg(guest())
        .args(["complain"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    assert_eq!(child.wait().expect("it ends").code(), Some(124));
    drop(child.stderr.take());
}

#[test]
fn a_program_whose_output_nobody_reads_ends_at_its_time() {
    let mut command = command(&["run", "--timeout", "500ms", "--threads", "2"]);
    let mut child = command
        .arg(guest())
        .args(["print", "16"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    // Its pipe stays open, and full.
    assert_eq!(child.wait().expect("it ends").code(), Some(124));
    drop(child.stdout.take());
}
