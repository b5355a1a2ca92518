//! What a guest and its host tell each other, where the program is a WASI module and its jobs run on sibling instances: names,
//! numbers and records. Both sides are made with it, so that neither can differ. Hidden, and no part of what a version promises
//! but for [`VERSION`], which both sides compare.
//!
//! The host never allocates in a guest: it says how many bytes there are, and the guest fetches them. All numbers are
//! little-endian. Nothing that is read here is believed: a record that does not read is `None`.
//!
//! A guest exports `memory`, and
//! - `wasm_mt_abi() -> i32`: [`VERSION`]. Called once in each instance before anything else, but in the one whose `_start` is
//!   called. It runs the constructors, which else nobody does.
//! - `wasm_mt_run(len: i32)`: runs a job, whose record has so many bytes. It returns when the job has ended, after `result`.
//! - `wasm_mt_job_NAME() -> i32`: where the [`Kind`] of a job lies that a host may ask for by its name, as [`KIND_LEN`] bytes, until
//!   the next such call.
//!
//! It may import, from the module `wasm_mt`, with pointers and lengths as `i32`:
//! - `payload(to)`: the record of the running job.
//! - `result(status, from, len)`: the running job has ended; once. The bytes are the [`Outcome`]'s.
//! - `panicked(from, len)`: the bytes of [`Outcome::Panicked`]; the guest traps next.
//! - `spawn(from, len, flags, worker) -> i64`: a job onto the pool, for one worker or, with -1, for any. Gives its id, which is
//!   positive, or one of the statuses, negated, where it is refused.
//! - `wait(timeout) -> i32`: suspends until there are events, or so many nanoseconds (`i64`, negative: for ever) have passed. Gives how
//!   many bytes of [`Event`]s there are. 0 after the time.
//! - `poll() -> i32`: the same, and never suspends.
//! - `take(to)`: the bytes that the last `wait`, `poll`, `shared` or `stats` counted, which are then gone.
//! - `cancel(id: i64)`: the job of this id was given up on. Nothing is told of it any more.
//! - `detach(id: i64)`: nobody waits for it any more, and it goes on. The host reports an error of its.
//! - `send(index, from, len)`, `close(index)`: an item for, and the end of, the channel at that place of the running job's arguments.
//! - `share(from, len) -> i64`, `unshare(id: i64)`: bytes that jobs refer to by their id. `shared(id: i64) -> i32`: how many they
//!   are, to be taken; -1 where there are none.
//! - `checkpoint()`: the job can be stopped here, and others have a turn where theirs has come.
//! - `workers() -> i32`; `worker() -> i32`: the number of the one that runs this.
//! - `stats() -> i32`: the bytes of [`Stats`], to be taken.

/// The version of all this.
pub const VERSION: i32 = 1;

/// The module that a guest imports from.
pub const MODULE: &str = "wasm_mt";
/// What the export of a job's kind begins with.
pub const JOB: &str = "wasm_mt_job_";

/// Flags of `spawn`.
pub mod flags {
    /// The job is async: an abort is told to it before it is stopped.
    pub const ASYNC: i32 = 1;
    /// The spawner wants to hear when the job begins.
    pub const ANNOUNCE: i32 = 2;
    /// What has this mask is its rank: 0 is the pool's normal one, others as `Priority` has them.
    pub const RANK: i32 = 0xff00;
    /// How far the rank is to be moved.
    pub const RANK_SHIFT: i32 = 8;
}

/// Which function a job calls: places in the module's table, and what its types come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// The place of what decodes and encodes.
    pub trampoline: u32,
    /// The place of the function itself.
    pub function: u32,
    /// Of the types, and of the function's place.
    pub fingerprint: u64,
}

/// How many bytes a [`Kind`] has.
pub const KIND_LEN: usize = 16;

impl Kind {
    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; KIND_LEN] {
        let mut bytes = [0; KIND_LEN];
        let parts = [
            self.trampoline as u64 | (self.function as u64) << 32,
            self.fingerprint,
        ];
        let mut at = 0;
        while at < KIND_LEN {
            bytes[at] = parts[at / 8].to_le_bytes()[at % 8];
            at += 1;
        }
        bytes
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        Some(Kind {
            trampoline: u32(from)?,
            function: u32(from)?,
            fingerprint: u64(from)?,
        })
    }

    /// What these bytes say.
    pub fn of_bytes(bytes: [u8; KIND_LEN]) -> Self {
        Self::read(&mut &bytes[..]).unwrap_or_default()
    }
}

/// A job on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// What it calls.
    pub kind: Kind,
    /// What all jobs of its `map` share, by its id; 0 for nothing.
    pub context: u64,
    /// The place of a function to run first in each instance; 0 for none.
    pub on_start: u32,
    /// Its arguments.
    pub args: Value,
}

impl Job {
    /// Writes it.
    pub fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.kind.to_bytes());
        to.extend_from_slice(&self.context.to_le_bytes());
        to.extend_from_slice(&self.on_start.to_le_bytes());
        self.args.write(to);
    }

    /// Reads one that is all of the bytes.
    pub fn read(mut from: &[u8]) -> Option<Self> {
        Some(Job {
            kind: Kind::read(&mut from)?,
            context: u64(&mut from)?,
            on_start: u32(&mut from)?,
            args: Value::read(from)?,
        })
    }
}

/// What travels: postcard's bytes, and what they name by its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// Beside the bytes.
    pub beside: Vec<Beside>,
    /// The encoding.
    pub bytes: Vec<u8>,
}

/// What travels beside a value's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Bulk.
    Bytes(Vec<u8>),
    /// The end of a channel, which is known by whose job it is with and by this place.
    End,
}

impl Value {
    /// Writes it.
    pub fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&(self.beside.len() as u32).to_le_bytes());
        for beside in &self.beside {
            match beside {
                Beside::Bytes(bytes) => {
                    to.push(0);
                    sized(to, bytes);
                }
                Beside::End => to.push(1),
            }
        }
        to.extend_from_slice(&self.bytes);
    }

    /// Reads one that is all of the bytes.
    pub fn read(mut from: &[u8]) -> Option<Self> {
        let count = u32(&mut from)?;
        let mut beside = Vec::new();
        for _ in 0..count {
            beside.push(match split(&mut from, 1)? {
                [0] => Beside::Bytes(bytes(&mut from)?.to_vec()),
                [1] => Beside::End,
                _ => return None,
            });
        }
        Some(Value {
            beside,
            bytes: from.to_vec(),
        })
    }
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A [`Value`]'s bytes, which a host hands on as they are.
    Value(Vec<u8>),
    /// It was aborted.
    Cancelled,
    /// Its result does not encode: of which type, and why.
    Encode(String, String),
    /// Its arguments do not decode: of which type, and why.
    Decode(String, String),
    /// It is not known here.
    OtherBuild,
    /// Its message, `file:line:column` or nothing, and the number of its worker.
    Panicked(String, String, u32),
    /// Why the engine stopped it, and the number of its worker.
    Trapped(String, u32),
    /// Why it cannot be known, and whether it may have run.
    Lost(String, bool),
    /// The pool had ended.
    Closed,
    /// There was no room for it.
    Full,
}

impl Outcome {
    /// Its number, which its bytes do not tell.
    pub fn status(&self) -> i32 {
        match self {
            Outcome::Value(_) => 0,
            Outcome::Cancelled => 1,
            Outcome::Encode(..) => 2,
            Outcome::Decode(..) => 3,
            Outcome::OtherBuild => 4,
            Outcome::Panicked(..) => 5,
            Outcome::Trapped(..) => 6,
            Outcome::Lost(..) => 7,
            Outcome::Closed => 8,
            Outcome::Full => 9,
        }
    }

    /// Its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut to = Vec::new();
        match self {
            Outcome::Value(bytes) => return bytes,
            Outcome::Cancelled | Outcome::OtherBuild | Outcome::Closed | Outcome::Full => {}
            Outcome::Encode(what, why) | Outcome::Decode(what, why) => {
                sized(&mut to, what.as_bytes());
                sized(&mut to, why.as_bytes());
            }
            Outcome::Panicked(message, location, worker) => {
                sized(&mut to, message.as_bytes());
                sized(&mut to, location.as_bytes());
                to.extend_from_slice(&worker.to_le_bytes());
            }
            Outcome::Trapped(message, worker) => {
                sized(&mut to, message.as_bytes());
                to.extend_from_slice(&worker.to_le_bytes());
            }
            Outcome::Lost(why, may_have_run) => {
                sized(&mut to, why.as_bytes());
                to.push(may_have_run.into());
            }
        }
        to
    }

    /// Reads one that is all of the bytes.
    pub fn read(status: i32, mut from: &[u8]) -> Option<Self> {
        let from = &mut from;
        let outcome = match status {
            0 => Outcome::Value(std::mem::take(from).to_vec()),
            1 => Outcome::Cancelled,
            2 => Outcome::Encode(text(from)?, text(from)?),
            3 => Outcome::Decode(text(from)?, text(from)?),
            4 => Outcome::OtherBuild,
            5 => Outcome::Panicked(text(from)?, text(from)?, u32(from)?),
            6 => Outcome::Trapped(text(from)?, u32(from)?),
            7 => Outcome::Lost(text(from)?, split(from, 1)? != [0]),
            8 => Outcome::Closed,
            9 => Outcome::Full,
            _ => return None,
        };
        from.is_empty().then_some(outcome)
    }
}

/// What a job hears of its children, and of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The child of this id has ended.
    Ended(u64, Outcome),
    /// An item of the channel at this place of the child's arguments: a [`Value`]'s bytes.
    Item(u64, u32, Vec<u8>),
    /// The child has dropped that channel's end.
    Closed(u64, u32),
    /// The child begins.
    Begun(u64),
    /// The running job itself is given up on, and is to end at its `await`.
    Abort,
}

impl Event {
    /// Writes it behind others.
    pub fn write(self, to: &mut Vec<u8>) {
        let (tag, id, number, body) = match self {
            Event::Ended(id, outcome) => (0, id, outcome.status() as u32, outcome.into_bytes()),
            Event::Item(id, index, item) => (1, id, index, item),
            Event::Closed(id, index) => (2, id, index, Vec::new()),
            Event::Begun(id) => (3, id, 0, Vec::new()),
            Event::Abort => (4, 0, 0, Vec::new()),
        };
        to.extend_from_slice(&u32::to_le_bytes(tag));
        to.extend_from_slice(&id.to_le_bytes());
        to.extend_from_slice(&number.to_le_bytes());
        sized(to, &body);
    }

    /// Takes the first of several.
    pub fn read(from: &mut &[u8]) -> Option<Self> {
        let (tag, id, number) = (u32(from)?, u64(from)?, u32(from)?);
        let body = bytes(from)?;
        Some(match tag {
            0 => Event::Ended(id, Outcome::read(i32::try_from(number).ok()?, body)?),
            1 => Event::Item(id, number, body.to_vec()),
            2 => Event::Closed(id, number),
            3 => Event::Begun(id),
            4 => Event::Abort,
            _ => return None,
        })
    }
}

/// What a pool has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Jobs that wait for any worker.
    pub waiting: u64,
    /// One for each worker.
    pub workers: Vec<WorkerStats>,
}

/// What one worker has done; times in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are those of the pool's `WorkerStats`"
)]
pub struct WorkerStats {
    pub thread: u64,
    pub up: bool,
    pub memory: u64,
    pub run: u64,
    pub posted: u64,
    pub stolen: u64,
    pub busy: u64,
    pub queued: u64,
    pub waiting: u64,
}

impl Stats {
    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = self.waiting.to_le_bytes().to_vec();
        for of in &self.workers {
            let numbers = [
                of.thread,
                of.up.into(),
                of.memory,
                of.run,
                of.posted,
                of.stolen,
                of.busy,
                of.queued,
                of.waiting,
            ];
            to.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        to
    }

    /// Reads what is all of the bytes.
    pub fn read(mut from: &[u8]) -> Option<Self> {
        let from = &mut from;
        let waiting = u64(from)?;
        let mut workers = Vec::new();
        while !from.is_empty() {
            workers.push(WorkerStats {
                thread: u64(from)?,
                up: u64(from)? != 0,
                memory: u64(from)?,
                run: u64(from)?,
                posted: u64(from)?,
                stolen: u64(from)?,
                busy: u64(from)?,
                queued: u64(from)?,
                waiting: u64(from)?,
            });
        }
        Some(Stats { waiting, workers })
    }
}

fn sized(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    to.extend_from_slice(bytes);
}

fn split<'a>(from: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = from.split_at_checked(length)?;
    *from = left;
    Some(taken)
}

fn u32(from: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(split(from, 4)?.try_into().ok()?))
}

fn u64(from: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(split(from, 8)?.try_into().ok()?))
}

fn bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32(from)?;
    split(from, length as usize)
}

fn text(from: &mut &[u8]) -> Option<String> {
    String::from_utf8(bytes(from)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes() -> Vec<Outcome> {
        let text = || String::from("why");
        vec![
            Outcome::Value(vec![0, 0, 0, 0, 7]),
            Outcome::Cancelled,
            Outcome::Encode(text(), text()),
            Outcome::Decode(text(), text()),
            Outcome::OtherBuild,
            Outcome::Panicked(text(), String::new(), 3),
            Outcome::Trapped(text(), 4),
            Outcome::Lost(text(), true),
            Outcome::Closed,
            Outcome::Full,
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        let job = Job {
            kind: Kind {
                trampoline: 1,
                function: u32::MAX,
                fingerprint: 0x0123_4567_89ab_cdef,
            },
            context: 5,
            on_start: 6,
            args: Value {
                beside: vec![Beside::Bytes(vec![1, 2]), Beside::End],
                bytes: vec![3],
            },
        };
        let mut bytes = Vec::new();
        job.write(&mut bytes);
        assert_eq!(Job::read(&bytes), Some(job.clone()));
        assert_eq!(Kind::of_bytes(job.kind.to_bytes()), job.kind);

        let mut events: Vec<_> = outcomes()
            .into_iter()
            .map(|outcome| Event::Ended(9, outcome))
            .collect();
        events.extend([
            Event::Item(1, 2, vec![3]),
            Event::Closed(1, 2),
            Event::Begun(4),
            Event::Abort,
        ]);
        let mut bytes = Vec::new();
        for event in events.clone() {
            event.write(&mut bytes);
        }
        let mut from = &bytes[..];
        for event in events {
            assert_eq!(Event::read(&mut from), Some(event));
        }
        assert!(from.is_empty());

        let stats = Stats {
            waiting: 1,
            workers: vec![WorkerStats {
                up: true,
                run: 7,
                ..WorkerStats::default()
            }],
        };
        assert_eq!(Stats::read(&stats.to_bytes()), Some(stats));
    }

    #[test]
    fn what_is_cut_short_does_not_read() {
        for outcome in outcomes().into_iter().skip(1) {
            let status = outcome.status();
            let bytes = outcome.into_bytes();
            for length in 0..bytes.len() {
                assert_eq!(Outcome::read(status, &bytes[..length]), None);
            }
        }
        let mut bytes = Vec::new();
        Event::Item(1, 2, vec![3]).write(&mut bytes);
        for length in 0..bytes.len() {
            assert_eq!(Event::read(&mut &bytes[..length]), None);
        }
    }
}
