//! What guests print, and what they read. [`Output`] is standard output and error of the process, [`Lines`] a store's ends of the
//! two; [`Input`] is standard input, for the one instance that has it.
//!
//! 1. Bytes come to the queue in whole lines, so that those of two jobs never mix in one. A line of more than [`LONGEST`] bytes
//!    comes in parts, and the last one of a job without its end.
//! 2. No job's thread writes. One thread does, for both streams and in the order of the queue, and holds no lock meanwhile: where
//!    nobody reads what is printed, jobs that print suspend, and can be cancelled there.
//! 3. Wakers are called, and dropped, without the lock.

use std::future::poll_fn;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{self, IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

/// The bytes of a line that wait for its end.
const LONGEST: usize = 64 << 10;

/// The bytes that are queued, and not written, before who prints more has to wait.
const ROOM: usize = 256 << 10;

/// One of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Out,
    Error,
}

/// Where what is printed goes. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Output(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Told when there is something to write, and when something was.
    changed: Condvar,
    /// Whether the streams are a terminal.
    terminal: [bool; 2],
}

#[derive(Default)]
struct State {
    /// What is to be written; neighbours are of different streams.
    queue: Vec<(Stream, Vec<u8>)>,
    /// Bytes ever queued.
    queued: u64,
    /// Of them, those that are written, or lost with a broken stream.
    written: u64,
    /// Whether the streams are known to take no more.
    broken: [bool; 2],
    /// Who waits for room, or until something is written.
    waiting: Vec<Waker>,
}

impl State {
    fn has_room(&self) -> bool {
        self.queued - self.written < ROOM as u64
    }

    fn wait(&mut self, cx: &Context<'_>) {
        if !self.waiting.iter().any(|one| one.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
    }
}

impl Output {
    /// That of this process.
    pub(crate) fn of_process() -> Self {
        static OUTPUT: OnceLock<Output> = OnceLock::new();
        let output = OUTPUT.get_or_init(|| {
            let terminal = [io::stdout().is_terminal(), io::stderr().is_terminal()];
            Output::new(Box::new(io::stdout()), Box::new(io::stderr()), terminal)
        });
        output.clone()
    }

    fn new(out: Box<dyn Write + Send>, error: Box<dyn Write + Send>, terminal: [bool; 2]) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            terminal,
        });
        let writer = shared.clone();
        let thread = std::thread::Builder::new().name(String::from("wasm-mt output"));
        if thread.spawn(move || writer.write([out, error])).is_err() {
            shared.lock().broken = [true; 2];
        }
        Output(shared)
    }

    /// Waits until all is written that is queued now, for so long at most. Gives whether it is.
    pub(crate) fn drain(&self, limit: Duration) -> bool {
        let until = Instant::now().checked_add(limit);
        let mut state = self.0.lock();
        let end = state.queued;
        while state.written < end && state.broken != [true; 2] {
            let left = until.map_or(limit, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return false;
            }
            let woken = self.0.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under this lock could only be the allocator's.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues these bytes, and gives the place of their end.
    fn put(&self, stream: Stream, bytes: &[u8]) -> u64 {
        let mut state = self.lock();
        if !bytes.is_empty() && !state.broken[stream as usize] {
            state.queued += bytes.len() as u64;
            match state.queue.last_mut() {
                Some((last, queued)) if *last == stream => queued.extend_from_slice(bytes),
                _ => state.queue.push((stream, bytes.to_vec())),
            }
            self.changed.notify_all();
        }
        state.queued
    }

    /// The thread that writes. It lives as long as the process, as what it writes to does.
    fn write(&self, mut sinks: [Box<dyn Write + Send>; 2]) {
        loop {
            let mut state = self.lock();
            while state.queue.is_empty() {
                let woken = self.changed.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
            }
            let runs = std::mem::take(&mut state.queue);
            let mut broken = state.broken;
            drop(state);
            for (stream, bytes) in runs {
                let at = stream as usize;
                let sink = &mut sinks[at];
                // What breaks once stays broken: a job that prints is told so, as a native program would be.
                broken[at] |= sink.write_all(&bytes).and_then(|()| sink.flush()).is_err();
                let mut state = self.lock();
                state.written += bytes.len() as u64;
                state.broken = broken;
                let waiting = std::mem::take(&mut state.waiting);
                drop(state);
                self.changed.notify_all();
                waiting.into_iter().for_each(Waker::wake);
            }
        }
    }
}

/// A store's ends of both streams. A clone is of the same store.
#[derive(Clone)]
pub(crate) struct Lines {
    output: Output,
    partial: Arc<Mutex<Partial>>,
}

/// What a store has printed.
#[derive(Default)]
struct Partial {
    /// Lines that have no end yet, of each stream.
    lines: [Vec<u8>; 2],
    /// The place in the queue where the last that was put there ends.
    end: u64,
}

impl Lines {
    pub(crate) fn new(output: Output) -> Self {
        Lines {
            output,
            partial: Arc::default(),
        }
    }

    /// Its standard output.
    pub(crate) fn out(&self) -> impl StdoutStream + 'static {
        End::of(self, Stream::Out)
    }

    /// Its standard error.
    pub(crate) fn error(&self) -> impl StdoutStream + 'static {
        End::of(self, Stream::Error)
    }

    fn lock(&self) -> MutexGuard<'_, Partial> {
        self.partial.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, stream: Stream, bytes: &[u8]) {
        let mut partial = self.lock();
        let line = &mut partial.lines[stream as usize];
        line.extend_from_slice(bytes);
        let whole = if line.len() > LONGEST {
            line.len()
        } else {
            line.iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1)
        };
        if whole > 0 {
            let end = self.output.0.put(stream, &line[..whole]);
            line.drain(..whole);
            partial.end = end;
        }
    }

    /// Queues lines that have no end yet.
    pub(crate) fn put_partial(&self) {
        let mut partial = self.lock();
        for stream in [Stream::Out, Stream::Error] {
            let line = std::mem::take(&mut partial.lines[stream as usize]);
            if !line.is_empty() {
                partial.end = self.output.0.put(stream, &line);
            }
        }
    }

    /// At a job's end: resolves once all that it has printed is written.
    pub(crate) async fn finish(self) {
        self.put_partial();
        let end = self.lock().end;
        poll_fn(|cx| {
            let mut state = self.output.0.lock();
            if state.written >= end || state.broken == [true; 2] {
                return Poll::Ready(());
            }
            state.wait(cx);
            Poll::Pending
        })
        .await;
    }
}

/// One of a store's ends.
struct End {
    lines: Lines,
    stream: Stream,
    /// It was told that there is room: what others print meanwhile does not take that back, since the engine gives up on who is
    /// sent away ten times.
    granted: bool,
}

impl End {
    fn of(lines: &Lines, stream: Stream) -> Self {
        End {
            lines: lines.clone(),
            stream,
            granted: false,
        }
    }

    fn is_broken(&self) -> bool {
        self.lines.output.0.lock().broken[self.stream as usize]
    }
}

impl IsTerminal for End {
    fn is_terminal(&self) -> bool {
        self.lines.output.0.terminal[self.stream as usize]
    }
}

impl StdoutStream for End {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(End::of(&self.lines, self.stream))
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(End::of(&self.lines, self.stream))
    }
}

impl OutputStream for End {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if self.is_broken() {
            return Err(StreamError::Closed);
        }
        self.granted = false;
        self.lines.print(self.stream, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        let state = self.lines.output.0.lock();
        if state.broken[self.stream as usize] {
            return Err(StreamError::Closed);
        }
        Ok(if self.granted || state.has_room() {
            LONGEST
        } else {
            0
        })
    }
}

impl End {
    fn poll_room(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lines.output.0.lock();
        if !state.has_room() && !state.broken[self.stream as usize] {
            state.wait(cx);
            return Poll::Pending;
        }
        drop(state);
        self.granted = true;
        Poll::Ready(())
    }
}

#[async_trait]
impl Pollable for End {
    async fn ready(&mut self) {
        poll_fn(|cx| self.poll_room(cx)).await;
    }
}

impl AsyncWrite for End {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        std::task::ready!(self.poll_room(cx));
        self.granted = false;
        if self.is_broken() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        self.lines.print(self.stream, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Standard input of the process. Before who has it reads, what it has printed comes out: a question need not be a whole line.
pub(crate) struct Input(Lines);

impl Input {
    pub(crate) fn new(lines: &Lines) -> Self {
        Input(lines.clone())
    }
}

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        io::stdin().is_terminal()
    }
}

impl StdinStream for Input {
    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(Asking {
            lines: self.0.clone(),
            input: cli::stdin().p2_stream(),
        })
    }

    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        self.0.put_partial();
        cli::stdin().async_stream()
    }
}

struct Asking {
    lines: Lines,
    input: Box<dyn InputStream>,
}

#[async_trait]
impl InputStream for Asking {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.lines.put_partial();
        self.input.read(size)
    }

    async fn cancel(&mut self) {
        self.input.cancel().await;
    }
}

#[async_trait]
impl Pollable for Asking {
    async fn ready(&mut self) {
        self.lines.put_partial();
        self.input.ready().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::executor::block_on;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Takes what is written, once it is let.
    struct Sink {
        text: Arc<Mutex<Vec<u8>>>,
        leave: Option<mpsc::Receiver<()>>,
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(leave) = &self.leave {
                leave.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            }
            self.text.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    type Text = Arc<Mutex<Vec<u8>>>;

    /// Both streams into one text, so that their order shows.
    fn output(leave: Option<mpsc::Receiver<()>>) -> (Output, Text) {
        let text = Text::default();
        let sink = |leave| {
            let text = text.clone();
            Box::new(Sink { text, leave })
        };
        (Output::new(sink(leave), sink(None), [false; 2]), text)
    }

    fn print(end: &mut End, text: &str) -> StreamResult<()> {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        block_on(end.blocking_write_and_flush(bytes))
    }

    fn read(text: &Text) -> String {
        String::from_utf8(text.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn lines_of_two_jobs_do_not_mix() {
        let (output, text) = output(None);
        let (one, two) = (Lines::new(output.clone()), Lines::new(output.clone()));
        let (mut first, mut second) = (End::of(&one, Stream::Out), End::of(&two, Stream::Out));
        for part in ["a", "b", "c\n"] {
            print(&mut first, part).unwrap();
            print(&mut second, part).unwrap();
        }
        assert!(output.drain(LONG));
        assert_eq!(read(&text), "abc\nabc\n");
    }

    #[test]
    fn the_last_line_comes_out_at_the_end_of_its_job() {
        let (output, text) = output(None);
        let lines = Lines::new(output);
        print(&mut End::of(&lines, Stream::Out), "no end").unwrap();
        assert_eq!(read(&text), "");
        block_on(lines.finish());
        assert_eq!(read(&text), "no end");
    }

    #[test]
    fn both_streams_are_written_in_the_order_of_printing() {
        let (output, text) = output(None);
        let lines = Lines::new(output);
        let mut out = End::of(&lines, Stream::Out);
        let mut error = End::of(&lines, Stream::Error);
        for number in 0..100 {
            let end = if number % 3 == 0 {
                &mut error
            } else {
                &mut out
            };
            print(end, &format!("{number}\n")).unwrap();
        }
        block_on(lines.finish());
        let all: String = (0..100).map(|number| format!("{number}\n")).collect();
        assert_eq!(read(&text), all);
    }

    #[test]
    fn a_line_that_never_ends_is_written_all_the_same() {
        let (output, text) = output(None);
        let lines = Lines::new(output.clone());
        let mut out = End::of(&lines, Stream::Out);
        for _ in 0..2 {
            print(&mut out, &"x".repeat(LONGEST)).unwrap();
        }
        assert!(output.drain(LONG));
        assert_eq!(text.lock().unwrap().len(), 2 * LONGEST);
    }

    #[test]
    fn where_nobody_reads_who_prints_suspends_and_goes_on_later() {
        let (leave, left) = mpsc::channel();
        let (output, text) = output(Some(left));
        let lines = Lines::new(output);
        let mut out = End::of(&lines, Stream::Out);
        let line = "y".repeat(LONGEST - 1) + "\n";
        let mut cx = Context::from_waker(Waker::noop());
        let mut printed = 0;
        loop {
            let bytes = Bytes::copy_from_slice(line.as_bytes());
            let mut writing = std::pin::pin!(out.blocking_write_and_flush(bytes));
            printed += line.len();
            if writing.as_mut().poll(&mut cx).is_pending() {
                break;
            }
        }
        assert_eq!(printed, ROOM);
        drop((0..8).map(|_| leave.send(())).collect::<Vec<_>>());
        block_on(lines.finish());
        assert_eq!(text.lock().unwrap().len(), printed);
    }

    #[test]
    fn a_stream_that_broke_says_so_and_holds_nobody() {
        let (leave, left) = mpsc::channel();
        drop(leave);
        let (output, text) = output(Some(left));
        let lines = Lines::new(output.clone());
        let mut out = End::of(&lines, Stream::Out);
        let _ = print(&mut out, "gone\n");
        assert!(output.drain(LONG));
        assert!(matches!(
            print(&mut out, "more\n"),
            Err(StreamError::Closed)
        ));
        print(&mut End::of(&lines, Stream::Error), "heard\n").unwrap();
        block_on(lines.finish());
        assert_eq!(read(&text), "heard\n");
    }
}
