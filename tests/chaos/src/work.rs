//! The jobs, by kind.

use std::future::pending;
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use wasm_mt::{AbortHandle, Buffer, IntoJob, JoinError, JoinHandle, Sender, Thread, job};
use wasm_mt_pool::{ThreadPool, join};
use wasm_mt_tests::common::{PanicsInDrop, YieldOnce, busy_for};

use crate::channels::{killed, unheard};
use crate::model::{CHILD_FAILED, Kind, told};
use crate::page::LONG;
use crate::picky::{BAD, Picky, STRANGE};
use crate::random::Random;

/// A buffer is no larger.
pub(crate) const MOST_BULK: u32 = 256 << 10;

/// A text is no longer: some go among a message's bytes, some beside them.
pub(crate) const MOST_TEXT: u32 = 16 << 10;

/// Where a job is spawned.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Pool(&'a ThreadPool),
    Thread(&'a Thread),
}

impl Target<'_> {
    pub(crate) fn spawn<T, M>(self, job: impl IntoJob<T, M>) -> JoinHandle<T>
    where
        T: Send + 'static,
    {
        match self {
            Target::Pool(pool) => pool.spawn(job),
            Target::Thread(thread) => thread.spawn(job),
        }
    }
}

/// A handle, whatever its job gives: its number, where it is right.
pub(crate) struct Handle {
    pub(crate) outcome: LocalBoxFuture<'static, Result<u32, JoinError>>,
    pub(crate) abort: AbortHandle,
}

impl Handle {
    fn of<T: Send + 'static>(
        handle: JoinHandle<T>,
        number: impl FnOnce(T) -> u32 + 'static,
    ) -> Self {
        let abort = handle.abort_handle();
        let outcome = handle.map(|result| result.map(number)).boxed_local();
        Handle { outcome, abort }
    }
}

/// Spawns job `n`, which tells its number when it begins. `checkpoint` is where only that lets an endless job be ended,
/// `kills` where the job's worker may be killed.
pub(crate) fn spawn(
    to: Target<'_>,
    kind: Kind,
    n: u32,
    tells: Option<Sender<u32>>,
    random: &mut Random,
    checkpoint: bool,
    kills: bool,
) -> Handle {
    let checkpoint = checkpoint || random.one_in(2);
    let time = random.below(4);
    let soon = Duration::from_millis(random.below(40).into());
    let plain = |handle| Handle::of(handle, |n: u32| n);
    let picky = |handle| Handle::of(handle, |Picky(n)| n);
    match kind {
        Kind::Plain | Kind::Aborted | Kind::Detached => {
            plain(to.spawn(job!(|n, tells| tell(n, tells))))
        }
        Kind::Busy | Kind::AbortedLater => plain(to.spawn(job!(|n, tells, time| {
            let n = tell(n, tells);
            busy_for(time.into());
            n
        }))),
        Kind::Async => plain(to.spawn(job!(async |n, tells| {
            let n = tell(n, tells);
            YieldOnce::default().await;
            n
        }))),
        Kind::Sleeps => plain(to.spawn(job!(async |n, tells, time| {
            let n = tell(n, tells);
            wasm_mt::utils::sleep(time).await;
            n
        }))),
        Kind::Bulk => bulk(to, n, random.below(MOST_BULK + 1)),
        Kind::Text => text(to, n, random.below(MOST_TEXT + 1)),
        Kind::Parent => plain(to.spawn(job!(async |n, tells| {
            let n = tell(n, tells);
            parent(n).await.unwrap_or(CHILD_FAILED)
        }))),
        Kind::Joins => plain(to.spawn(job!(|n, tells| parted(tell(n, tells), None)))),
        Kind::JoinPanics => plain(to.spawn(job!(|n, tells| parted(tell(n, tells), Some(n))))),
        Kind::Idempotent => plain(
            to.spawn(
                job!(async |n, tells| {
                    let n = tell(n, tells);
                    YieldOnce::default().await;
                    n
                })
                .idempotent(),
            ),
        ),
        Kind::IdempotentBusy => {
            let often = if kills {
                random.below(7).saturating_sub(3)
            } else {
                0
            };
            killed(to, n, tells, 4 + random.below(20), often)
        }
        Kind::Unheard => unheard(to, n, tells, 1 + random.below(8)),
        Kind::OwnThread => plain(to.spawn(job!(async |n, tells| {
            let n = tell(n, tells);
            own_thread(n).await
        }))),
        Kind::BadArgument => {
            let picky = Picky(BAD);
            plain(to.spawn(job!(|picky, tells| tell(picky.0, tells))))
        }
        Kind::StrangeArgument => {
            let picky = Picky(STRANGE);
            plain(to.spawn(job!(|picky| picky.0)))
        }
        Kind::BadResult => picky(to.spawn(job!(|n, tells| {
            tell(n, tells);
            Picky(BAD)
        }))),
        Kind::StrangeResult => picky(to.spawn(job!(|n, tells| {
            tell(n, tells);
            Picky(STRANGE)
        }))),
        Kind::AbortedAsync => plain(to.spawn(job!(async |n, tells| {
            tell(n, tells);
            pending::<u32>().await
        }))),
        Kind::DroppedAsync => {
            // Its own end of the channel stays: only the abort closes it.
            let handle = to.spawn(job!(async |n, tells| {
                tell(n, tells.clone());
                pending::<u32>().await
            }));
            let abort = handle.abort_handle();
            let outcome = handle.abort_on_drop().boxed_local();
            Handle { outcome, abort }
        }
        Kind::TimedOutAsync => {
            let job = job!(async |n, tells| {
                tell(n, tells);
                pending::<u32>().await
            });
            plain(to.spawn(job).timeout(soon))
        }
        Kind::Panics | Kind::PanicsDetached => plain(to.spawn(job!(|n, tells| -> u32 {
            let n = tell(n, tells);
            panic!("chaos {n}")
        }))),
        Kind::PanicsLater => plain(to.spawn(job!(async |n, tells| -> u32 {
            let n = tell(n, tells);
            YieldOnce::default().await;
            panic!("chaos {n}")
        }))),
        Kind::PanicsInDrop => plain(to.spawn(job!(|n, tells| {
            let _dropped = PanicsInDrop;
            tell(n, tells)
        }))),
        Kind::Traps => plain(to.spawn(job!(|n, tells| -> u32 {
            tell(n, tells);
            core::arch::wasm32::unreachable()
        }))),
        Kind::Closes => plain(to.spawn(job!(|n, tells| {
            close();
            tell(n, tells)
        }))),
        Kind::AbortedEndless => plain(to.spawn(job!(|n, tells, checkpoint| -> u32 {
            tell(n, tells);
            endless(checkpoint)
        }))),
        Kind::TimedOutEndless => {
            let job = job!(|n, tells, checkpoint| -> u32 {
                tell(n, tells);
                endless(checkpoint)
            });
            plain(to.spawn(job).timeout(soon))
        }
    }
}

/// In the job: says that it runs. Nothing is left of its ends after that.
pub(crate) fn tell(n: u32, tells: Option<Sender<u32>>) -> u32 {
    if let Some(tells) = tells {
        // Nobody may listen any more.
        let _ = tells.send(n);
    }
    n
}

/// Each byte comes back with its number's last one added.
fn bulk(to: Target<'_>, n: u32, length: u32) -> Handle {
    let byte = move |at: u32| (at.wrapping_mul(31) ^ n) as u8;
    let bytes = Buffer((0..length).map(byte).collect::<Vec<u8>>());
    let handle = to.spawn(job!(|bytes, n: u32| -> Buffer<u8> {
        let Buffer(mut bytes) = bytes;
        for byte in &mut bytes {
            *byte = byte.wrapping_add(n as u8);
        }
        Buffer(bytes)
    }));
    Handle::of(handle, move |Buffer(bytes): Buffer<u8>| {
        let expected = (0..length).map(|at| byte(at).wrapping_add(n as u8));
        if bytes.into_iter().eq(expected) {
            n
        } else {
            !n
        }
    })
}

/// The text comes back with its number behind it.
fn text(to: Target<'_>, n: u32, length: u32) -> Handle {
    let text = "chaos ".repeat(length as usize / 6);
    let sent = text.clone();
    let handle = to.spawn(job!(|sent: String, n: u32| format!("{sent}{n}")));
    Handle::of(handle, move |came: String| {
        let number = came
            .strip_prefix(&text)
            .and_then(|number| number.parse().ok());
        number.unwrap_or(!n)
    })
}

/// In a job: its number, from a thread of its own. What fails there is never allowed, and said.
async fn own_thread(n: u32) -> u32 {
    let patient = Thread::builder().start_deadline(Duration::from_millis(LONG.into()));
    let thread = match patient.start().await {
        Ok(thread) => thread,
        Err(error) => panic!("a job's thread did not start: {error}"),
    };
    match thread.spawn(job!(|n| n)).await {
        Ok(n) => n,
        Err(error) => panic!("a job's thread gave: {}", told(&error)),
    }
}

/// In a job of a pool: its number, from jobs of its own.
async fn parent(n: u32) -> Option<u32> {
    let pool = ThreadPool::current()?;
    let halves = [n / 2, n - n / 2].map(|n| pool.spawn(job!(|n| n)));
    let mapped = pool.map(0..10u32, |n| n);
    let mut sum = 0;
    for half in halves {
        sum += half.await.ok()?;
    }
    let mapped: u32 = mapped.await.ok()?.into_iter().sum();
    (mapped == 45).then_some(sum)
}

/// The number, by 16 parts that sum up to it. The last panics with what it is given.
fn parted(n: u32, panics: Option<u32>) -> u32 {
    fn part(n: u32, depth: u32, panics: Option<u32>) -> u32 {
        match (depth, panics) {
            (0, Some(said)) => panic!("chaos {said}"),
            (0, None) => n,
            _ => {
                let (less, depth) = (n / 3, depth - 1);
                let more = n - less;
                let (less, more) = join(
                    || part(less, depth, None),
                    job!(|more, depth, panics| part(more, depth, panics)),
                );
                less + more
            }
        }
    }
    part(n, 4, panics)
}

fn endless(checkpoint: bool) -> u32 {
    loop {
        if checkpoint {
            wasm_mt::checkpoint();
        }
        std::hint::black_box(());
    }
}

#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    fn close();
}
