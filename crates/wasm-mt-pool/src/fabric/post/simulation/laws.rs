//! What holds in every run, whatever goes wrong in it: [`World::run`] checks it all, from turn to turn and at the end.
//!
//! - Each handle settles exactly once, and nothing is lost.
//! - Nothing runs twice but what is idempotent.
//! - When the owner's turn ends, no worker that is up has nothing posted while it could run something that waits. So none
//!   idles longer than a round trip, and the owner's turns before it, while a job is unposted.
//! - A pinned job runs on its worker, and without stealing so does what was spawned there.
//! - What was given back goes before all others.
//! - What is of more priority goes first, and what is of less does not starve.
//! - A worker that is retired gets nothing more but what is pinned to it, and what lay on its deque goes to others.
//! - What is settled is not posted, and what goes alone has no company.
//! - Jobs posted and stolen, frames and the time in line are counted exactly.

use super::load::Load;
use super::world::{Report, World};

/// The laws in random runs of so many seeds; what they came across, summed up.
pub(super) fn hold(seeds: u64) -> Result<Report, String> {
    let mut sum = Report::default();
    for seed in 0..seeds {
        let report = World::run(Load::random(seed)).map_err(|law| format!("seed {seed}: {law}"))?;
        sum.stolen += report.stolen;
        sum.dropped += report.dropped;
        sum.returned += report.returned;
        sum.frames += report.frames;
    }
    Ok(sum)
}

#[test]
fn whatever_goes_wrong_each_handle_settles_once_and_no_worker_idles_while_a_job_waits() {
    let report = hold(400).unwrap();
    println!("{report:?}");
    // A law about what never happens would be no law.
    assert!(report.stolen > 1000 && report.dropped > 100 && report.returned > 100);
}

#[test]
fn a_run_is_the_same_each_time() {
    let run = || World::run(Load::random(11)).unwrap();
    assert_eq!(run(), run());
}
