//! Browsers and their drivers as processes of ours: found, started, and ended, with all that they started, when dropped.
//!
//! A browser is started in one of two ways. `launch` uses the browser's own command line and nothing listens to it, so what such a
//! page measures is true. `Driver::start` starts a WebDriver server, which starts its browser when a session is asked for.

use std::env;
use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::processes;
use crate::workspace;

/// How long a driver or a display may take to answer.
const START_DEADLINE: Duration = Duration::from_secs(20);
/// How long the processes of an ended browser are waited for.
const END_DEADLINE: Duration = Duration::from_secs(3);

/// An engine that the project is tested in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(crate) enum Browser {
    Chromium,
    Firefox,
    /// WebKitGTK's MiniBrowser.
    Webkit,
}

impl Browser {
    pub(crate) const ALL: [Browser; 3] = [Browser::Chromium, Browser::Firefox, Browser::Webkit];

    /// As it is written on the command line and in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Browser::Chromium => "chromium",
            Browser::Firefox => "firefox",
            Browser::Webkit => "webkit",
        }
    }

    /// The browser's program, if there is one.
    pub(crate) fn program(self) -> Option<PathBuf> {
        match self {
            Browser::Chromium => ["chromium", "chromium-browser", "google-chrome"]
                .into_iter()
                .find_map(on_path),
            Browser::Firefox => ["firefox-esr", "firefox"].into_iter().find_map(on_path),
            Browser::Webkit => on_path("MiniBrowser").or_else(mini_browser),
        }
    }

    /// The WebDriver server's program, if there is one: the one that the environment names, else the one on PATH.
    pub(crate) fn driver_program(self) -> Option<PathBuf> {
        let named = |name| env::var_os(name).map(PathBuf::from);
        match self {
            Browser::Chromium => named("CHROMEDRIVER").or_else(|| on_path("chromedriver")),
            Browser::Firefox => named("GECKODRIVER")
                .or_else(|| on_path("geckodriver"))
                .or_else(|| {
                    Some(tools_dir().join("bin/geckodriver")).filter(|path| path.is_file())
                }),
            Browser::Webkit => on_path("WebKitWebDriver"),
        }
    }

    fn found(self) -> Result<PathBuf> {
        self.program()
            .ok_or_else(|| anyhow!("no {self} here; `cargo xtask doctor` says how to get it"))
    }
}

impl fmt::Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where the set-up puts the tools that it builds itself.
pub(crate) fn tools_dir() -> PathBuf {
    workspace::target_dir().join("tools")
}

/// The program of this name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
}

/// MiniBrowser is no command: it lies beside the library, in `/usr/lib/<multiarch>/webkit2gtk-4.1/` on Debian.
fn mini_browser() -> Option<PathBuf> {
    let inside = |dir: &Path| {
        ["webkit2gtk-4.1", "webkitgtk-6.0", "webkit2gtk-4.0"]
            .into_iter()
            .map(|api| dir.join(api).join("MiniBrowser"))
            .find(|path| path.is_file())
    };
    ["/usr/lib", "/usr/libexec", "/usr/lib64"]
        .into_iter()
        .find_map(|dir| {
            let dir = Path::new(dir);
            inside(dir).or_else(|| {
                fs::read_dir(dir)
                    .ok()?
                    .filter_map(|entry| inside(&entry.ok()?.path()))
                    .next()
            })
        })
}

/// A browser started by its own command line; dropped, it ends.
pub(crate) struct Launched {
    // Fields drop in this order: the browser, its display, its profile.
    process: Process,
    _display: Option<Display>,
    _profile: TempDir,
}

impl Launched {
    /// What it has written to its standard output and error: for the report of a page that never came.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// True once the browser has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.has_ended()
    }
}

/// Starts a browser on `url` with a fresh profile, without a window and with no debugger attached.
pub(crate) fn launch(browser: Browser, url: &str) -> Result<Launched> {
    launch_with(browser, url, false)
}

/// As `launch`, for a page that is cross-origin isolated and wants `SharedArrayBuffer`: WebKitGTK has it only when told to.
pub(crate) fn launch_isolated(browser: Browser, url: &str) -> Result<Launched> {
    launch_with(browser, url, true)
}

fn launch_with(browser: Browser, url: &str, shared_array_buffer: bool) -> Result<Launched> {
    let profile = profile_dir()?;
    let mut command = Command::new(browser.found()?);
    let mut display = None;
    match browser {
        Browser::Chromium => {
            command.args(chromium_args());
            command.arg(format!("--user-data-dir={}", profile.path().display()));
        }
        Browser::Firefox => {
            let prefs: String = FIREFOX_PREFS
                .iter()
                .map(|(name, value)| format!("user_pref({}, {});\n", json!(name), value.json()))
                .collect();
            fs::write(profile.path().join("user.js"), prefs)?;
            command
                .args(["--headless", "--no-remote", "--profile"])
                .arg(profile.path());
        }
        Browser::Webkit => {
            let own = Display::start()?;
            own.lend(&mut command);
            private_home(&mut command, profile.path());
            if shared_array_buffer {
                command.env("JSC_useSharedArrayBuffer", "1");
            }
            display = Some(own);
        }
    }
    command.arg(url);
    Ok(Launched {
        process: Process::spawn(command)?,
        _display: display,
        _profile: profile,
    })
}

/// A WebDriver server on a free port of 127.0.0.1; dropped, it ends, and its browser with it.
pub(crate) struct Driver {
    browser: Browser,
    program: PathBuf,
    port: u16,
    /// The page can see its JavaScript heap, and have it collected.
    shows_heap: bool,
    // Fields drop in this order: the driver and its browser, their display, their home.
    process: Process,
    _display: Option<Display>,
    _home: TempDir,
}

impl Driver {
    /// Starts the driver and waits until it says that it is ready.
    pub(crate) fn start(browser: Browser) -> Result<Driver> {
        Self::start_with(browser, false)
    }

    /// As `start`, for pages that will be cross-origin isolated and want `SharedArrayBuffer`: WebKitGTK has it only when told to.
    pub(crate) fn start_isolated(browser: Browser) -> Result<Driver> {
        Self::start_with(browser, true)
    }

    /// As `start_isolated`, for a page that measures its JavaScript heap, which only Chromium shows.
    pub(crate) fn start_showing_heap(browser: Browser) -> Result<Driver> {
        Ok(Driver {
            shows_heap: true,
            ..Self::start_with(browser, true)?
        })
    }

    fn start_with(browser: Browser, shared_array_buffer: bool) -> Result<Driver> {
        let program = browser.found()?;
        let driver = browser.driver_program().ok_or_else(|| {
            anyhow!("no driver for {browser} here; `cargo xtask doctor` says how to get it")
        })?;
        let home = profile_dir()?;
        // A port that is free now may be taken before the driver has it: then it ends at once, and another is tried.
        let mut attempts = 3;
        loop {
            attempts -= 1;
            let port = free_port()?;
            let mut command = Command::new(&driver);
            command.arg(format!("--port={port}"));
            // Drivers make profiles in the temporary folder, and leave them there when they are killed.
            command.env("TMPDIR", home.path());
            let mut display = None;
            if browser == Browser::Webkit {
                let own = Display::start()?;
                own.lend(&mut command);
                private_home(&mut command, home.path());
                if shared_array_buffer {
                    command.env("JSC_useSharedArrayBuffer", "1");
                }
                display = Some(own);
            }
            let mut process = Process::spawn(command)?;
            match wait_until_ready(&mut process, port) {
                Ok(()) => {
                    return Ok(Driver {
                        browser,
                        program,
                        port,
                        shows_heap: false,
                        process,
                        _display: display,
                        _home: home,
                    });
                }
                Err(Unready::Ended) if attempts > 0 => {}
                Err(reason) => bail!(
                    "the driver of {browser} ({}) {}; its output:\n{}",
                    driver.display(),
                    match reason {
                        Unready::Ended => "ended",
                        Unready::Deadline => "did not say that it is ready",
                    },
                    process.log()
                ),
            }
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What a session must ask for to get the headless browser that `launch` would start.
    pub(crate) fn capabilities(&self) -> Map<String, Value> {
        let binary = self.program.display().to_string();
        let (key, options) = match self.browser {
            Browser::Chromium => {
                let mut args = chromium_args();
                if self.shows_heap {
                    args.extend(["--js-flags=--expose-gc", "--enable-precise-memory-info"]);
                }
                (
                    "goog:chromeOptions",
                    json!({ "binary": binary, "args": args }),
                )
            }
            Browser::Firefox => {
                let prefs: Map<String, Value> = FIREFOX_PREFS
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.json()))
                    .collect();
                (
                    "moz:firefoxOptions",
                    json!({ "binary": binary, "args": ["-headless"], "prefs": prefs }),
                )
            }
            Browser::Webkit => (
                "webkitgtk:browserOptions",
                json!({ "binary": binary, "args": ["--automation"] }),
            ),
        };
        Map::from_iter([(key.to_string(), options)])
    }

    /// What the driver and its browser have written.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }
}

fn profile_dir() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("wasm-mt-browser-")
        .tempdir()
        .context("no folder for the browser's profile")
}

/// Headless, and silent on the network but for the page.
fn chromium_args() -> Vec<&'static str> {
    let mut args = vec![
        "--headless",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-extensions",
        "--disable-sync",
        "--metrics-recording-only",
        "--password-store=basic",
    ];
    if is_root() {
        // Chromium refuses to run as root with its sandbox.
        args.push("--no-sandbox");
    }
    args
}

enum Pref {
    Flag(bool),
    Number(i32),
    Text(&'static str),
}

impl Pref {
    fn json(&self) -> Value {
        match self {
            Pref::Flag(value) => json!(value),
            Pref::Number(value) => json!(value),
            Pref::Text(value) => json!(value),
        }
    }
}

/// No first-run pages, no updates, no telemetry, and no request that the page did not make.
const FIREFOX_PREFS: &[(&str, Pref)] = &[
    ("app.normandy.enabled", Pref::Flag(false)),
    ("app.update.enabled", Pref::Flag(false)),
    ("app.update.disabledForTesting", Pref::Flag(true)),
    ("browser.aboutwelcome.enabled", Pref::Flag(false)),
    ("browser.newtabpage.enabled", Pref::Flag(false)),
    ("browser.safebrowsing.downloads.enabled", Pref::Flag(false)),
    ("browser.safebrowsing.malware.enabled", Pref::Flag(false)),
    ("browser.safebrowsing.phishing.enabled", Pref::Flag(false)),
    ("browser.safebrowsing.update.enabled", Pref::Flag(false)),
    ("browser.search.update", Pref::Flag(false)),
    ("browser.shell.checkDefaultBrowser", Pref::Flag(false)),
    (
        "browser.startup.homepage_override.mstone",
        Pref::Text("ignore"),
    ),
    ("browser.startup.page", Pref::Number(0)),
    ("browser.topsites.contile.enabled", Pref::Flag(false)),
    ("browser.translations.enable", Pref::Flag(false)),
    ("captivedetect.canonicalURL", Pref::Text("")),
    (
        "datareporting.healthreport.uploadEnabled",
        Pref::Flag(false),
    ),
    (
        "datareporting.policy.dataSubmissionEnabled",
        Pref::Flag(false),
    ),
    ("dom.push.connection.enabled", Pref::Flag(false)),
    ("extensions.getAddons.cache.enabled", Pref::Flag(false)),
    ("extensions.systemAddon.update.enabled", Pref::Flag(false)),
    ("extensions.update.enabled", Pref::Flag(false)),
    ("geo.enabled", Pref::Flag(false)),
    ("media.gmp-manager.updateEnabled", Pref::Flag(false)),
    ("network.captive-portal-service.enabled", Pref::Flag(false)),
    ("network.connectivity-service.enabled", Pref::Flag(false)),
    ("network.dns.disablePrefetch", Pref::Flag(true)),
    ("network.http.speculative-parallel-limit", Pref::Number(0)),
    ("network.prefetch-next", Pref::Flag(false)),
    (
        "services.settings.server",
        Pref::Text("data:,#remote-settings-dummy/v1"),
    ),
    ("toolkit.telemetry.enabled", Pref::Flag(false)),
    (
        "toolkit.telemetry.reportingpolicy.firstRun",
        Pref::Flag(false),
    ),
    ("toolkit.telemetry.server", Pref::Text("")),
    ("trailhead.firstrun.didSeeAboutWelcome", Pref::Flag(true)),
];

/// WebKitGTK has no switch for a profile: it keeps its data where the XDG folders say.
fn private_home(command: &mut Command, home: &Path) {
    command.env("HOME", home);
    for (variable, folder) in [
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
    ] {
        command.env(variable, home.join(folder));
    }
    // No session bus and no accessibility bus are needed, and waiting for them costs seconds where there are none.
    command
        .env("NO_AT_BRIDGE", "1")
        .env("GSETTINGS_BACKEND", "memory");
}

pub(crate) fn is_root() -> bool {
    // SAFETY: geteuid takes nothing, touches no memory of ours and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// An X server without a screen, for the one engine that has no headless mode.
struct Display {
    number: u32,
    _process: Process,
}

impl Display {
    fn start() -> Result<Display> {
        let mut command = Command::new(
            on_path("Xvfb").context("no Xvfb here; `cargo xtask doctor` says how to get it")?,
        );
        // It picks a free number itself, and says which when it is ready.
        command.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x1024x24",
            "-nolisten",
            "tcp",
            // Else it starts anew when its last client leaves, and a browser that comes at that moment finds no display.
            "-noreset",
        ]);
        let (process, said) = Process::spawn_apart(command)?;
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(said).read_line(&mut line);
            let _ = tell.send(line);
        });
        let line = told.recv_timeout(START_DEADLINE).unwrap_or_default();
        match line.trim().parse() {
            Ok(number) => Ok(Display {
                number,
                _process: process,
            }),
            Err(_) => bail!("Xvfb did not start; its output:\n{}", process.log()),
        }
    }

    fn lend(&self, command: &mut Command) {
        command
            .env("DISPLAY", format!(":{}", self.number))
            .env("GDK_BACKEND", "x11")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XAUTHORITY");
    }
}

enum Unready {
    Ended,
    Deadline,
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Asks the driver's `/status` until it says ready: https://www.w3.org/TR/webdriver2/#status.
fn wait_until_ready(process: &mut Process, port: u16) -> Result<(), Unready> {
    let started = Instant::now();
    while started.elapsed() < START_DEADLINE {
        if process.has_ended() {
            return Err(Unready::Ended);
        }
        if let Ok(answer) = ask_status(port)
            && says_ready(&answer)
        {
            return Ok(());
        }
        // Nothing announces that a port has opened, so it is asked again.
        thread::sleep(Duration::from_millis(30));
    }
    Err(Unready::Deadline)
}

fn ask_status(port: u16) -> io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    write!(
        stream,
        "GET /status HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    // A driver that keeps the connection open runs into the time-out, with its answer read.
    let _ = stream.take(1 << 16).read_to_end(&mut answer);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn says_ready(answer: &str) -> bool {
    answer
        .split_once("\r\n\r\n")
        .and_then(|(_, body)| serde_json::from_str::<Value>(body.trim()).ok())
        .is_some_and(|body| body["value"]["ready"] == json!(true))
}

/// A child with everything that it started; dropped, all of it is killed.
///
/// It stays in our process group, so that Ctrl-C in a terminal ends it too.
pub(crate) struct Process {
    child: Child,
    log: Arc<Mutex<Vec<u8>>>,
    /// Says something when the last process that can write to the log has ended.
    silent: mpsc::Receiver<()>,
}

impl Process {
    pub(crate) fn spawn(mut command: Command) -> Result<Process> {
        let (reader, writer) = io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        Self::watch(command, reader)
    }

    /// As `spawn`, with the standard output for the caller.
    fn spawn_apart(mut command: Command) -> Result<(Process, impl Read + Send + use<>)> {
        let (reader, writer) = io::pipe()?;
        command.stdout(Stdio::piped()).stderr(writer);
        let mut process = Self::watch(command, reader)?;
        let output = process
            .child
            .stdout
            .take()
            .expect("standard output was asked for");
        Ok((process, output))
    }

    fn watch(mut command: Command, mut reader: io::PipeReader) -> Result<Process> {
        let program = command.get_program().to_owned();
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        // The command holds our copies of the pipe's writing end.
        drop(command);
        let log = Arc::new(Mutex::new(Vec::new()));
        let (tell, silent) = mpsc::channel();
        let written = Arc::clone(&log);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                written
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&buffer[..n]);
            }
            let _ = tell.send(());
        });
        Ok(Process { child, log, silent })
    }

    /// What has been written to its standard output and error.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().unwrap_or_else(PoisonError::into_inner))
            .into_owned()
    }

    /// Waits until it has ended and all has been read that it and its children wrote; `None` if that takes too long.
    pub(crate) fn finish(&mut self, deadline: Duration) -> Result<Option<ExitStatus>> {
        match self.silent.recv_timeout(deadline) {
            Ok(()) => Ok(Some(self.child.wait()?)),
            Err(_) => Ok(None),
        }
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.has_ended() {
            // Its number may be another process's by now, so nothing is looked up by it.
            return;
        }
        // Listed before any of them dies: whoever loses its parent is no longer found.
        let tree = descendants(self.child.id());
        let _ = self.child.kill();
        for pid in tree {
            // SAFETY: kill takes two numbers and touches no memory of ours; the process was our child's a moment ago.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        let _ = self.child.wait();
        // Those that are not our children cannot be waited for, but each held the log's pipe open. The profile is deleted next.
        let _ = self.silent.recv_timeout(END_DEADLINE);
    }
}

/// The processes below one; empty where they are not known.
fn descendants(root: u32) -> Vec<libc::pid_t> {
    let processes = processes::all().unwrap_or_default();
    let below = processes::below(&processes, root).into_iter();
    below.filter_map(|pid| pid.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_answer_is_ready_only_when_it_says_so() {
        assert!(says_ready(
            "HTTP/1.1 200 OK\r\n\r\n{\"value\": {\"message\": \"\", \"ready\": true}}"
        ));
        assert!(!says_ready(
            "HTTP/1.1 200 OK\r\n\r\n{\"value\":{\"ready\":false}}"
        ));
        assert!(!says_ready("HTTP/1.1 500 Error\r\n\r\n"));
        assert!(!says_ready(""));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn dropped_process_ends_with_its_descendants() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & echo $!; wait"]);
        let (process, said) = Process::spawn_apart(command).unwrap();
        let mut said = BufReader::new(said);
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let below: libc::pid_t = line.trim().parse().unwrap();
        assert!(descendants(process.child.id()).contains(&below));
        let ending = Instant::now();
        drop(process);
        // The sleeping process holds the other end of this pipe for as long as it lives.
        said.read_line(&mut line).unwrap();
        assert!(ending.elapsed() < Duration::from_secs(30));
    }
}
