//! What is checked after each of the owner's turns, and at the end; the rest is checked where it happens, in `Books`.

use super::super::books::Entry;
use super::{Report, World};
use crate::fabric::post::dispatch::Leaving;

impl World {
    /// A worker that is idle when the owner's turn ends could run nothing that waits. So none idles longer than a round trip
    /// and the owner's turns before it, while a job that it could run is not posted.
    pub(super) fn check_idle(&self) -> Result<(), String> {
        for worker in 0..self.load.workers {
            let idle = self.up[worker]
                && self.books.posted[worker].is_empty()
                && self.dispatch.leaving(worker) != Some(Leaving::Recycled);
            if idle && self.books.has_for(worker, self.load.steal) {
                return Err(format!("worker {worker} idles while a job waits"));
            }
        }
        Ok(())
    }

    pub(super) fn check_end(mut self) -> Result<Report, String> {
        if self.books.unsettled > 0 {
            return Err(format!("{} handles never settled", self.books.unsettled));
        }
        let twice = |entry: &Entry| entry.runs > 1 && !entry.job.idempotent;
        if self.books.entries.iter().any(twice) {
            return Err("a job ran twice".into());
        }
        self.dispatch.sweep();
        if self.dispatch.waiting() > 0 || !self.dispatch.drain().is_empty() {
            return Err("something waits at the end".into());
        }
        let stats: Vec<_> = self.dispatch.stats().collect();
        for (worker, stats) in stats.iter().enumerate() {
            let posted = self.books.posted_jobs[worker];
            if stats.posted != posted || stats.stolen != self.books.stolen[worker] {
                return Err(format!(
                    "worker {worker}: {posted} posted, {} stolen, but {stats:?}",
                    self.books.stolen[worker]
                ));
            }
            if (stats.queued - self.books.queued[worker]).abs() > 1.0 {
                return Err(format!(
                    "worker {worker}: {} queued, but {stats:?}",
                    self.books.queued[worker]
                ));
            }
        }
        let frames = stats.iter().map(|stats| stats.frames).sum();
        if frames != self.books.frames {
            return Err(format!("{} frames, counted as {frames}", self.books.frames));
        }
        let stolen = stats.iter().map(|stats| stats.stolen).sum();
        Ok(Report {
            makespan: self.makespan,
            frames,
            stolen,
            dropped: self.books.dropped,
            returned: self.books.came_back,
        })
    }
}
