//! The owner's turns: it answers one message after the other, as they came, and then posts what there is to post.

use std::rc::Rc;

use super::super::acted::Acted;
use super::super::books::Place;
use super::super::load::{Event, Group};
use super::super::worker::Frame;
use super::{Message, Step, World};
use crate::fabric::post::dispatch::Leaving;

impl World {
    /// One turn of the owner: it answers a message, and posts what there is to post.
    pub(super) fn turn(&mut self, arrived: f64, message: Message) -> Result<(), String> {
        let mut now = arrived.max(self.owner_free);
        match message {
            Message::Given(Event::Busy(span)) => now += span,
            Message::Given(Event::Abort(group)) => self.books.abort(group),
            Message::Given(Event::Sweep) => self.dispatch.sweep(),
            Message::Given(Event::Leave(worker, why)) => self.leave(worker, why),
            Message::Given(Event::Return(worker)) => self.return_to(worker, now),
            Message::Given(Event::Kill(_)) => unreachable!("a kill is nothing that the owner sees"),
            Message::Given(Event::Comes(groups)) => self.come(&groups, &mut now)?,
            Message::Ended {
                worker,
                jobs,
                ran,
                gap,
            } => {
                now += self.load.owner_message + self.load.owner_job * jobs.len() as f64;
                self.books.posted[worker].pop_front();
                for job in jobs {
                    self.settle(job, now)?;
                }
                self.dispatch.ended(worker, ran, gap, self.clock(now));
                if self.books.unsettled == 0
                    && let Some(groups) = self.load.then.pop_front()
                {
                    self.come(&groups, &mut now)?;
                }
            }
            Message::Spawned { worker, job } => {
                now += self.load.owner_message;
                let job = Rc::clone(&self.books.entries[job].job);
                for group in &job.spawns {
                    self.enter(group, Some(worker), now);
                }
            }
            // Where it has been let go meanwhile, nobody hears it.
            Message::Died { worker, life, .. }
                if !self.up[worker] || self.workers[worker].life != life => {}
            Message::Died {
                worker,
                open,
                begun,
                ..
            } => self.died(worker, open, &begun, now)?,
            Message::Replaced { worker } => {
                self.workers[worker].replace(now);
                self.up[worker] = true;
                self.dispatch.up(worker);
            }
        }
        self.post(&mut now)?;
        self.let_go(now);
        self.owner_free = now;
        for unit in self.dispatch.take_dropped() {
            self.books.dropped += unit.jobs;
            if !unit.aborted.get() {
                return Err("a unit was dropped that somebody waits for".into());
            }
        }
        self.check_idle()
    }

    /// The first job to an idle worker leaves at once; the rest of the turn leaves together.
    fn come(&mut self, groups: &[Group], now: &mut f64) -> Result<(), String> {
        for group in groups {
            self.enter(group, None, *now);
            if self.dispatch.has_idle() {
                self.post(now)?;
            }
        }
        Ok(())
    }

    fn enter(&mut self, group: &Group, home: Option<usize>, now: f64) {
        let clock = self.clock(now);
        for unit in self.books.enter(group, home, clock) {
            match (unit.pinned, home) {
                (Some(worker), _) => self.dispatch.pin(worker, unit, clock),
                (None, Some(worker)) => self.dispatch.push(worker, unit, clock),
                (None, None) => self.dispatch.inject(unit, clock),
            }
        }
    }

    fn post(&mut self, now: &mut f64) -> Result<(), String> {
        while let Some((worker, units)) = self.dispatch.next(self.clock(*now)) {
            if !self.up[worker] {
                return Err("a frame for a worker that is not up".into());
            }
            self.books
                .post(worker, &units, self.load.steal, self.clock(*now))?;
            let jobs = units
                .iter()
                .flat_map(|unit| unit.first..unit.first + unit.jobs);
            let frame: Frame = jobs
                .map(|job| (job, self.books.entries[job].job.cost))
                .collect();
            *now += self.load.owner_message + self.load.owner_job * frame.len() as f64;
            let life = self.workers[worker].life;
            self.at(
                *now + self.load.message,
                Step::Arrives {
                    worker,
                    life,
                    frame,
                },
            );
        }
        Ok(())
    }

    fn leave(&mut self, worker: usize, why: Leaving) {
        if self.gone[worker] {
            return;
        }
        self.dispatch.leave(worker, why);
        if why == Leaving::Retired {
            self.books.retire(worker);
        }
    }

    fn return_to(&mut self, worker: usize, now: f64) {
        self.dispatch.stay(worker);
        self.books.retired[worker] = false;
        if std::mem::replace(&mut self.gone[worker], false) {
            self.at(
                now + self.load.replaced,
                Step::ToOwner(Message::Replaced { worker }),
            );
        }
    }

    /// Workers that are to end do, once they have nothing to do.
    fn let_go(&mut self, now: f64) {
        for worker in 0..self.load.workers {
            let Some(why) = self.dispatch.leaving(worker) else {
                continue;
            };
            if !self.up[worker] || !self.dispatch.is_done(worker) {
                continue;
            }
            self.up[worker] = false;
            self.dispatch.down(worker);
            self.workers[worker].die(now);
            if why == Leaving::Retired {
                self.gone[worker] = true;
            } else {
                self.dispatch.stay(worker);
                self.at(
                    now + self.load.replaced,
                    Step::ToOwner(Message::Replaced { worker }),
                );
            }
        }
    }

    fn settle(&mut self, job: usize, now: f64) -> Result<(), String> {
        self.makespan = now;
        self.books.settle(job)
    }

    fn died(&mut self, worker: usize, open: bool, begun: &[usize], now: f64) -> Result<(), String> {
        self.up[worker] = false;
        self.dispatch.down(worker);
        let mut frames = std::mem::take(&mut self.books.posted[worker]);
        let mut back = Vec::new();
        let clock = self.clock(now);
        let opened = if open {
            frames.pop_front().unwrap_or_default()
        } else {
            Vec::new()
        };
        for unit in opened.into_iter().chain(frames.into_iter().flatten()) {
            for job in unit.first..unit.first + unit.jobs {
                let entry = &mut self.books.entries[job];
                if begun.contains(&job) && !entry.job.idempotent {
                    self.settle(job, now)?;
                } else if !entry.aborted {
                    entry.since = clock;
                    self.books
                        .place(job, unit.pinned.map_or(Place::Returned, Place::Pinned));
                    back.push(Acted {
                        first: job,
                        jobs: 1,
                        ..unit.clone()
                    });
                }
            }
        }
        self.books.came_back += back.len();
        self.dispatch.give_back(worker, back, clock);
        self.at(
            now + self.load.replaced,
            Step::ToOwner(Message::Replaced { worker }),
        );
        Ok(())
    }
}
