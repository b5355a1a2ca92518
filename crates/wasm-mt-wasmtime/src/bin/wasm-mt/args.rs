//! What the command line says. What it says wrongly is told in one line.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

/// WASI programs whose jobs run on many threads.
#[derive(Debug, Parser)]
#[command(name = "wasm-mt", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a program that was built for wasm32-wasip1; its jobs run on sibling instances
    Run(Run),
    /// Lists the jobs that a program names for hosts
    Jobs {
        /// The program's module
        file: PathBuf,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The program's module
    pub(crate) file: PathBuf,
    /// How many threads run jobs; as many as there are cores, unless told
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// A directory that the program may read and write, and what it is called there
    #[arg(long = "dir", value_name = "HOST[::GUEST]")]
    pub(crate) dirs: Vec<Directory>,
    /// A variable of the program's environment
    #[arg(long = "env", value_name = "KEY=VALUE")]
    pub(crate) variables: Vec<Variable>,
    /// Ends the program after so long, such as 500ms, 5s or 2m, with the exit code 124
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
    /// The memory that each instance may have, such as 64M
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) memory: Option<usize>,
    /// How many instances there may be at a time
    #[arg(long, value_name = "N")]
    pub(crate) max_stores: Option<NonZeroUsize>,
    /// How a job that computes gives way to others: epoch:TIME, fuel:SLICE, fuel:SLICE/BUDGET or off
    #[arg(long, value_name = "HOW", default_value = "epoch:1ms")]
    pub(crate) preemption: Turns,
    /// Prints at the end what each thread has done
    #[arg(long)]
    pub(crate) stats: bool,
    /// The program's arguments; behind --, or from the first that is no option of this command
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<String>,
}

/// A directory of the host, and its name in the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
}

impl FromStr for Directory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, guest) = text.split_once("::").unwrap_or((text, text));
        if host.is_empty() || guest.is_empty() {
            return Err(String::from("write HOST, or HOST::GUEST"));
        }
        Ok(Directory {
            host: host.into(),
            guest: guest.into(),
        })
    }
}

/// A variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Variable {
                name: name.into(),
                value: value.into(),
            }),
            _ => Err(String::from("write KEY=VALUE")),
        }
    }
}

/// How jobs take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turns {
    Epoch(Duration),
    Fuel {
        slice: NonZeroU64,
        budget: Option<NonZeroU64>,
    },
    Off,
}

impl FromStr for Turns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Turns::Off);
        }
        if let Some(slice) = text.strip_prefix("epoch:") {
            return Ok(Turns::Epoch(time(slice)?));
        }
        let fuel = |text: &str| {
            let number = text.parse::<NonZeroU64>();
            number.map_err(|_| String::from("fuel is a number above 0, such as fuel:1000000"))
        };
        if let Some(text) = text.strip_prefix("fuel:") {
            let (slice, budget) = text
                .split_once('/')
                .map_or((text, None), |(slice, budget)| (slice, Some(budget)));
            return Ok(Turns::Fuel {
                slice: fuel(slice)?,
                budget: budget.map(fuel).transpose()?,
            });
        }
        Err(String::from(
            "write epoch:1ms, fuel:1000000, fuel:1000000/1000000000 or off",
        ))
    }
}

/// A number, and what stands behind it.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

fn time(text: &str) -> Result<Duration, String> {
    let time = number_and_unit(text).and_then(|(number, unit)| match unit {
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3600)?)),
        _ => None,
    });
    time.filter(|time| !time.is_zero())
        .ok_or_else(|| String::from("a time is a number and us, ms, s, m or h, such as 500ms"))
}

fn bytes(text: &str) -> Result<usize, String> {
    let bytes = number_and_unit(text).and_then(|(number, unit)| {
        let shift = match unit {
            "" => 0,
            "K" | "KiB" => 10,
            "M" | "MiB" => 20,
            "G" | "GiB" => 30,
            _ => return None,
        };
        usize::try_from(number.checked_mul(1 << shift)?).ok()
    });
    bytes
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| String::from("a size is a number of bytes, or of K, M or G, such as 64M"))
}

/// What clap says, in one line.
pub(crate) fn one_line(error: &clap::Error) -> String {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
    ) {
        return String::from(
            "say what to do: `wasm-mt run FILE`, `wasm-mt jobs FILE` or `wasm-mt help`",
        );
    }
    let text = error.to_string();
    let first = text.lines().take_while(|line| !line.trim().is_empty());
    let line = first.map(str::trim).collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str]) -> Result<Run, String> {
        let args = ["wasm-mt", "run"].iter().chain(args);
        match Cli::try_parse_from(args)
            .map_err(|error| one_line(&error))?
            .command
        {
            Command::Run(run) => Ok(run),
            Command::Jobs { .. } => Err(String::from("jobs")),
        }
    }

    #[test]
    fn the_program_has_what_stands_behind_two_dashes() {
        let run = run(&["app.wasm", "--threads", "3", "--", "--stats", "a b"]).unwrap();
        assert_eq!(run.threads.unwrap().get(), 3);
        assert!(!run.stats);
        assert_eq!(run.args, ["--stats", "a b"]);
    }

    #[test]
    fn a_runner_of_cargo_needs_no_dashes() {
        let run = run(&["app.wasm", "--test-threads", "1", "--threads", "2"]).unwrap();
        assert_eq!(run.args, ["--test-threads", "1", "--threads", "2"]);
        assert_eq!(run.threads, None);
    }

    #[test]
    fn directories_and_variables_come_in_two_parts() {
        let args = ["--dir", "a::b", "--dir", "c", "--env", "K=v=w", "app.wasm"];
        let run = run(&args).unwrap();
        assert_eq!(run.dirs[0].guest, "b");
        assert_eq!(run.dirs[1].guest, "c");
        assert_eq!(run.variables[0].value, "v=w");
    }

    #[test]
    fn times_sizes_and_turns_are_read() {
        assert_eq!(time("1500us").unwrap(), Duration::from_micros(1500));
        assert_eq!(bytes("64M").unwrap(), 64 << 20);
        assert_eq!(
            "epoch:2ms".parse::<Turns>().unwrap(),
            Turns::Epoch(Duration::from_millis(2))
        );
        let (slice, budget) = (NonZeroU64::MIN, NonZeroU64::new(20));
        assert_eq!(
            "fuel:1/20".parse::<Turns>().unwrap(),
            Turns::Fuel { slice, budget }
        );
        assert_eq!("off".parse::<Turns>().unwrap(), Turns::Off);
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        for args in [
            &["--timeout", "5", "app.wasm"][..],
            &["--timeout", "0s", "app.wasm"],
            &["--timeout", "99999999999999999999h", "app.wasm"],
            &["--memory", "lots", "app.wasm"],
            &["--memory", "99999999999999G", "app.wasm"],
            &["--preemption", "always", "app.wasm"],
            &["--preemption", "fuel:0", "app.wasm"],
            &["--threads", "0", "app.wasm"],
            &["--env", "K", "app.wasm"],
            &["--dir", "::x", "app.wasm"],
            &["--nonsense"],
            &[],
        ] {
            let line = run(args).unwrap_err();
            assert!(!line.is_empty() && !line.contains('\n'), "{args:?}: {line}");
        }
    }
}
