//! Halves of a `join` that nobody waits for any more: the joiner was aborted, or went down with its worker. Whoever has taken one has as
//! long for it as an aborted job has to end; then its worker is replaced. Before that it is held for a moment, so that it is known what it
//! has begun.
//!
//! Never true: that a job ends with that worker. While one waits below the half on the same stack, or has begun beside it, the worker
//! is let be, and looked at again.

use std::sync::Arc;
use std::time::Duration;

use wasm_mt::__pool::{Hold, LEAST_GRACE, Lane, Timer};

use super::Post;

/// A half, by the seat and the board of its thief, and the board that is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Orphan {
    at: usize,
    thief: u16,
    joiner: u16,
}

impl Post {
    /// The worker of that board is gone. The halves that others have of its have their grace from now on, but for those that have it
    /// already.
    pub(super) fn orphans(&self, joiner: u16) {
        let state = self.lock();
        let orphans = state.shared.as_ref().map_or_else(Vec::new, |shared| {
            let thieves = shared.books.thieves_of(joiner).into_iter();
            let orphans = thieves.map(|(at, thief)| Orphan { at, thief, joiner });
            let is_new = |orphan: &Orphan| shared.orphans.iter().all(|(of, _)| of != orphan);
            orphans.filter(is_new).collect()
        });
        drop(state);
        for orphan in orphans {
            self.arm(orphan);
        }
    }

    fn arm(&self, orphan: Orphan) {
        if let Some(grace) = self.config.grace() {
            self.heard_after(grace, orphan, move |post| post.orphan_over(orphan));
        }
    }

    /// Once this time is over, and what has come meanwhile was heard.
    fn heard_after(
        &self,
        time: Duration,
        orphan: Orphan,
        then: impl FnOnce(&Post) + Send + 'static,
    ) {
        self.after(time, orphan, move |post| {
            post.after(Duration::ZERO, orphan, then);
        });
    }

    fn after(&self, time: Duration, orphan: Orphan, then: impl FnOnce(&Post) + Send + 'static) {
        let timer = self.timer(time, then);
        let mut state = self.lock();
        let before = match &mut state.shared {
            Some(shared) => {
                let before = shared.forget_orphan(orphan);
                shared.orphans.push((orphan, timer));
                before
            }
            None => Some(timer),
        };
        drop(state);
        drop(before);
    }

    /// The thief has had its time, and was heard. It may have ended the half by now, and have opened what was posted to it, on its way
    /// to tell: so it is held, and looked at again when that would have come.
    fn orphan_over(&self, orphan: Orphan) {
        let Some((lane, is_alone)) = self.look_at(orphan) else {
            return;
        };
        if is_alone && let Some(hold) = lane.hold() {
            self.rouse();
            return self.heard_after(LEAST_GRACE, orphan, move |post| {
                post.orphan_held(orphan, hold);
            });
        }
        self.let_be(orphan);
        self.arm(orphan);
    }

    /// What the thief has begun is known.
    fn orphan_held(&self, orphan: Orphan, hold: Hold) {
        let Some((lane, is_alone)) = self.look_at(orphan) else {
            let lane = self.lock().seats[orphan.at].lane.clone();
            lane.go_on(hold);
            return self.let_be(orphan);
        };
        if !is_alone {
            lane.go_on(hold);
        } else if lane.end_held(hold) {
            return;
        }
        self.let_be(orphan);
        self.arm(orphan);
    }

    /// Its timer has fired. Gives the thief's lane, and whether the half is all that it has; `None` where it has ended.
    fn look_at(&self, orphan: Orphan) -> Option<(Arc<Lane>, bool)> {
        let Orphan { at, thief, joiner } = orphan;
        let mut state = self.lock();
        let shared = state.shared.as_mut()?;
        let timer = shared.forget_orphan(orphan);
        let has = shared.books.thieves_of(joiner).contains(&(at, thief));
        let looked = (has && !state.closed).then(|| {
            let is_alone = state.has_only_half(at, joiner) && {
                // It begins nothing more from now on that is laid, so what it runs by then it runs until it is ended.
                state.dismiss(at);
                state.has_only_half(at, joiner)
            };
            (state.seats[at].lane.clone(), is_alone)
        });
        drop(state);
        drop(timer);
        looked
    }

    /// The thief goes on, unless it is to end for another reason.
    fn let_be(&self, Orphan { at, .. }: Orphan) {
        let mut state = self.lock();
        if state.dispatch.leaving(at).is_none() && !state.seats[at].dozes {
            state.keep(at);
        }
        drop(state);
        self.rouse();
    }
}

impl super::State {
    fn has_only_half(&self, at: usize, joiner: u16) -> bool {
        let shared = self.shared.as_ref();
        shared.is_some_and(|shared| shared.books.runs_only_fork_of(at, joiner))
    }
}

impl super::Shared {
    fn forget_orphan(&mut self, orphan: Orphan) -> Option<Timer> {
        let at = self.orphans.iter().position(|(of, _)| *of == orphan)?;
        Some(self.orphans.swap_remove(at).1)
    }
}
