//! A worker of a simulated run: it runs frames in order, and measures them by a clock that ticks coarsely.

use std::collections::VecDeque;

/// What a frame is to its worker: the number of each job and what it costs.
pub(super) type Frame = Vec<(usize, f64)>;

pub(super) struct Worker {
    /// Which of the workers that had this place, one after the other.
    pub(super) life: usize,
    alive: bool,
    arrived: VecDeque<Frame>,
    open: Option<Open>,
    idle_since: f64,
    tick: f64,
    phase: f64,
}

struct Open {
    frame: Frame,
    began: f64,
    gap: f64,
}

/// A frame has ended.
pub(super) struct Ended {
    pub(super) jobs: Vec<usize>,
    pub(super) ran: f64,
    pub(super) gap: f64,
}

impl Worker {
    pub(super) fn new(tick: f64, phase: f64) -> Worker {
        Worker {
            life: 0,
            alive: true,
            arrived: VecDeque::new(),
            open: None,
            idle_since: 0.0,
            tick,
            phase,
        }
    }

    /// Another one takes the place.
    pub(super) fn replace(&mut self, now: f64) {
        *self = Worker {
            life: self.life + 1,
            idle_since: now,
            ..Worker::new(self.tick, self.phase)
        };
    }

    /// Whether that one has the place, and lives.
    pub(super) fn lives(&self, life: usize) -> bool {
        self.alive && self.life == life
    }

    pub(super) fn arrive(&mut self, frame: Frame) {
        self.arrived.push_back(frame);
    }

    /// Opens the next frame if it can, and gives when each of its jobs ends.
    pub(super) fn open(&mut self, now: f64) -> Option<Vec<(usize, f64)>> {
        if self.open.is_some() {
            return None;
        }
        let frame = self.arrived.pop_front()?;
        let mut end = now;
        let ends = frame.iter().map(|&(job, cost)| {
            end += cost;
            (job, end)
        });
        let ends = ends.collect();
        let gap = self.clock(now) - self.clock(self.idle_since);
        self.open = Some(Open {
            frame,
            began: now,
            gap,
        });
        Some(ends)
    }

    pub(super) fn end(&mut self, now: f64) -> Ended {
        let open = self.open.take().expect("a frame ends that was not opened");
        self.idle_since = now;
        let ran = self.clock(now) - self.clock(open.began);
        Ended {
            jobs: open.frame.into_iter().map(|(job, _)| job).collect(),
            ran,
            gap: open.gap,
        }
    }

    /// Dies, and gives whether a frame was open, and which of its jobs had begun.
    pub(super) fn die(&mut self, now: f64) -> (bool, Vec<usize>) {
        self.alive = false;
        self.arrived.clear();
        let Some(open) = self.open.take() else {
            return (false, Vec::new());
        };
        let mut begins = open.began;
        let begun = open.frame.iter().take_while(|(_, cost)| {
            let begun = begins <= now;
            begins += cost;
            begun
        });
        (true, begun.map(|&(job, _)| job).collect())
    }

    fn clock(&self, now: f64) -> f64 {
        ((now + self.phase) / self.tick).floor() * self.tick
    }
}
