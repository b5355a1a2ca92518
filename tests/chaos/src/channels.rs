//! Jobs that have a channel of their own, by which the page knows that they run and can do something meanwhile.

use futures::FutureExt;
use wasm_bindgen_futures::spawn_local;
use wasm_mt::{Sender, channel, job};
use wasm_mt_tests::common::busy_for;

use crate::page;
use crate::work::{Handle, Target, tell};

/// Idempotent, and so often its worker is killed when it has said that it runs. How often it ran, its number's tale tells.
pub(crate) fn killed(
    to: Target<'_>,
    n: u32,
    tells: Option<Sender<u32>>,
    time: u32,
    mut often: u32,
) -> Handle {
    let (begins, mut begun) = channel::<u32>();
    // Its senders stay with it: what a run has dropped is closed, and carries nothing of the next one.
    let job = job!(|n, tells, begins: Sender<u32>, time| {
        let n = tell(n, tells.clone());
        let n = tell(n, Some(begins.clone()));
        busy_for(time.into());
        n
    });
    let handle = to.spawn(job.idempotent());
    let abort = handle.abort_handle();
    let killing = async move {
        let mut kills = Vec::new();
        while begun.recv().await.is_some() {
            if often > 0 {
                often -= 1;
                kills.push(page::kill_last_heard());
            }
        }
        for kill in kills {
            // It is never rejected.
            let _ = kill.await;
        }
    };
    let (goes_on, over) = killing.remote_handle();
    spawn_local(goes_on);
    let outcome = async move {
        let result = handle.await;
        over.await;
        result
    };
    Handle {
        outcome: outcome.boxed_local(),
        abort,
    }
}

/// The receiver is dropped when it has the first item, while the job sends more.
pub(crate) fn unheard(to: Target<'_>, n: u32, tells: Option<Sender<u32>>, items: u32) -> Handle {
    let (sends, mut received) = channel::<u32>();
    let handle = to.spawn(job!(async |n, tells, sends, items| {
        let n = tell(n, tells);
        for _ in 0..items {
            // Whoever sends is not told that nobody listens.
            if sends.send(n).is_err() {
                return !n;
            }
            wasm_mt::utils::sleep(1).await;
        }
        n
    }));
    let abort = handle.abort_handle();
    let (goes_on, first) = async move { received.recv().await }.remote_handle();
    spawn_local(goes_on);
    let outcome = async move {
        let n = handle.await?;
        Ok(match first.await {
            Some(Ok(sent)) if sent == n => n,
            _ => !n,
        })
    };
    Handle {
        outcome: outcome.boxed_local(),
        abort,
    }
}
