//! The books that a run keeps beside `Dispatch`, to check it by: where each job waits, and what became of it.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::acted::Acted;
use super::load::{Group, Job};
use crate::priority::{Priority, TURNS};

/// Where a job is, as the owner knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Shared,
    /// It was given back by a worker that died.
    Returned,
    Own(usize),
    Pinned(usize),
    Posted(usize),
    Settled,
}

/// A job's page.
pub(super) struct Entry {
    pub(super) job: Rc<Job>,
    /// That of its group.
    pub(super) priority: Priority,
    pub(super) group: usize,
    pub(super) place: Place,
    pub(super) since: f64,
    pub(super) runs: usize,
    pub(super) aborted: bool,
}

#[derive(Default)]
pub(super) struct Books {
    pub(super) entries: Vec<Entry>,
    groups: Vec<Rc<Cell<bool>>>,
    /// Jobs that wait and are not settled.
    shared: usize,
    returned: usize,
    own: Vec<usize>,
    pinned: Vec<usize>,
    /// Of those that are shared and were not given back: by priority.
    ranked: [usize; 3],
    /// Units that went since one of a lower priority did before its betters, and while one waited.
    since: u32,
    passed: u32,
    /// Workers that are retired.
    pub(super) retired: Vec<bool>,
    pub(super) unsettled: usize,
    pub(super) posted: Vec<VecDeque<Vec<Acted>>>,
    pub(super) posted_jobs: Vec<usize>,
    pub(super) stolen: Vec<usize>,
    pub(super) frames: usize,
    pub(super) queued: Vec<f64>,
    pub(super) dropped: usize,
    pub(super) came_back: usize,
}

impl Books {
    pub(super) fn new(workers: usize) -> Books {
        Books {
            own: vec![0; workers],
            pinned: vec![0; workers],
            posted: (0..workers).map(|_| VecDeque::new()).collect(),
            posted_jobs: vec![0; workers],
            stolen: vec![0; workers],
            queued: vec![0.0; workers],
            retired: vec![false; workers],
            ..Books::default()
        }
    }

    /// Enters a group, and gives its units; a broadcast has one for each worker.
    pub(super) fn enter(&mut self, group: &Group, home: Option<usize>, now: f64) -> Vec<Acted> {
        let workers = self.own.len();
        let priority = match group {
            Group::Spawn(job) | Group::Broadcast(job) => job.priority,
            Group::Map(jobs) => jobs[0].priority,
        };
        let home = home.filter(|&home| priority == Priority::Normal && !self.retired[home]);
        let place = home.map_or(Place::Shared, Place::Own);
        let retired = self.retired.clone();
        let aborted = Rc::new(Cell::new(false));
        let number = self.groups.len();
        self.groups.push(aborted.clone());
        let mut enter = |jobs: &[Job], place: Place, pinned: Option<usize>| {
            let first = self.entries.len();
            for job in jobs {
                let job = Rc::new(job.clone());
                self.entries.push(Entry {
                    job,
                    priority,
                    group: number,
                    place: Place::Settled,
                    since: now,
                    runs: 0,
                    aborted: false,
                });
                self.unsettled += 1;
                self.place(self.entries.len() - 1, place);
            }
            let Job { kind, alone, .. } = jobs[0];
            Acted {
                first,
                jobs: jobs.len(),
                kind,
                alone,
                priority,
                pinned,
                aborted: aborted.clone(),
            }
        };
        match group {
            Group::Spawn(job) => vec![enter(std::slice::from_ref(job), place, None)],
            Group::Map(jobs) => vec![enter(jobs, place, None)],
            Group::Broadcast(job) => (0..workers)
                .filter(|&worker| !retired[worker])
                .map(|worker| {
                    enter(
                        std::slice::from_ref(job),
                        Place::Pinned(worker),
                        Some(worker),
                    )
                })
                .collect(),
        }
    }

    pub(super) fn place(&mut self, job: usize, place: Place) {
        let from = std::mem::replace(&mut self.entries[job].place, place);
        for (place, up) in [(from, false), (place, true)] {
            let rank = self.entries[job].priority.rank() as usize;
            let count = match place {
                Place::Shared => {
                    let ranked = &mut self.ranked[rank];
                    *ranked = if up { *ranked + 1 } else { *ranked - 1 };
                    &mut self.shared
                }
                Place::Returned => &mut self.returned,
                Place::Own(worker) => &mut self.own[worker],
                Place::Pinned(worker) => &mut self.pinned[worker],
                Place::Posted(_) | Place::Settled => continue,
            };
            *count = if up { *count + 1 } else { *count - 1 };
        }
    }

    /// Takes in a frame, and checks what may be in it.
    pub(super) fn post(
        &mut self,
        worker: usize,
        units: &[Acted],
        steal: bool,
        now: f64,
    ) -> Result<(), String> {
        if units.is_empty() {
            return Err("an empty frame".into());
        }
        if units.iter().any(|unit| unit.alone)
            && (units.len() > 1 || !self.posted[worker].is_empty())
        {
            return Err("what goes alone had company".into());
        }
        self.frames += 1;
        self.posted_jobs[worker] += units.iter().map(|unit| unit.jobs).sum::<usize>();
        let mut others = false;
        for unit in units {
            if unit.aborted.get() {
                return Err("a settled unit was posted".into());
            }
            self.went(worker, unit)?;
            for job in unit.first..unit.first + unit.jobs {
                others |= matches!(self.entries[job].place, Place::Shared | Place::Own(_));
                match self.entries[job].place {
                    Place::Own(home) if home != worker && !steal => {
                        return Err("stolen although that is forbidden".into());
                    }
                    Place::Own(home) if home != worker => self.stolen[worker] += 1,
                    Place::Pinned(home) if home != worker => {
                        return Err("a pinned job went to another worker".into());
                    }
                    Place::Posted(_) => return Err("a job was posted twice".into()),
                    Place::Settled => return Err("a job was posted that is over".into()),
                    _ => {}
                }
                self.queued[worker] += now - self.entries[job].since;
                self.place(job, Place::Posted(worker));
            }
        }
        if others && self.returned > 0 {
            return Err("what was given back did not go first".into());
        }
        self.posted[worker].push_back(units.to_vec());
        Ok(())
    }

    /// A unit goes: whether it is its turn.
    fn went(&mut self, worker: usize, unit: &Acted) -> Result<(), String> {
        if !matches!(
            self.entries[unit.first].place,
            Place::Shared | Place::Own(_)
        ) {
            return Ok(());
        }
        let [normal, urgent, background] = self.ranked;
        let for_it = normal + self.own[worker];
        let (higher, lower) = match unit.priority {
            Priority::Urgent => (0, normal + background),
            Priority::Normal => (urgent, background),
            Priority::Background => (urgent + for_it, 0),
        };
        if higher > 0 {
            if self.since + 1 < TURNS {
                return Err("it was not its turn".into());
            }
            (self.since, self.passed) = (0, 0);
            return Ok(());
        }
        self.since += 1;
        self.passed = if lower > 0 { self.passed + 1 } else { 0 };
        if self.passed > 2 * TURNS {
            return Err("what has less priority starves".into());
        }
        Ok(())
    }

    /// What lies on a worker's deque is for all.
    pub(super) fn retire(&mut self, worker: usize) {
        self.retired[worker] = true;
        for job in 0..self.entries.len() {
            if self.entries[job].place == Place::Own(worker) {
                self.place(job, Place::Shared);
            }
        }
    }

    /// Settles the handle of a job; what its handle was aborted for may still end.
    pub(super) fn settle(&mut self, job: usize) -> Result<(), String> {
        if self.entries[job].aborted {
            return Ok(());
        }
        if self.entries[job].place == Place::Settled {
            return Err("a handle settled twice".into());
        }
        self.place(job, Place::Settled);
        self.unsettled -= 1;
        Ok(())
    }

    /// Aborts a group, if there is such.
    pub(super) fn abort(&mut self, group: usize) {
        let Some(aborted) = self.groups.get(group) else {
            return;
        };
        aborted.set(true);
        for job in 0..self.entries.len() {
            let entry = &mut self.entries[job];
            if entry.group == group && entry.place != Place::Settled {
                entry.aborted = true;
                self.place(job, Place::Settled);
                self.unsettled -= 1;
            }
        }
    }

    /// Whether an idle worker could run something that is not posted.
    pub(super) fn has_for(&self, worker: usize, steal: bool) -> bool {
        if self.retired[worker] {
            return self.pinned[worker] > 0;
        }
        let others = steal && self.own.iter().any(|&jobs| jobs > 0);
        self.shared + self.returned + self.own[worker] + self.pinned[worker] > 0 || others
    }
}
