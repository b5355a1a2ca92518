//! Halves of a `join` that nobody waits for any more: the joiner was aborted, or went down with its worker. Whoever has taken one has as
//! long for it as an aborted job has to end; then its worker is replaced.
//!
//! Never true: that a job ends with that worker. While one waits below the half on the same stack, or has begun beside it, the worker
//! is let be, and looked at again.

use std::time::Duration;

use wasm_mt::__pool::Timer;

use super::Post;

/// A half, by the seat and the board of its thief, and the board that is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Orphan {
    at: usize,
    thief: u16,
    joiner: u16,
}

impl Post {
    /// The worker of that board is gone. The halves that others have of its have their grace from now on.
    pub(super) fn orphans(&self, joiner: u16) {
        let state = self.lock();
        let shared = state.shared.as_ref();
        let thieves = shared.map_or_else(Vec::new, |shared| shared.books.thieves_of(joiner));
        drop(state);
        for (at, thief) in thieves {
            self.arm(Orphan { at, thief, joiner });
        }
    }

    fn arm(&self, orphan: Orphan) {
        if let Some(grace) = self.config.grace() {
            // What has come meanwhile is heard before anything is decided.
            self.after(grace, orphan, |post, orphan| {
                post.after(Duration::ZERO, orphan, Post::orphan_over);
            });
        }
    }

    fn after(&self, time: Duration, orphan: Orphan, then: fn(&Post, Orphan)) {
        let me = self.me.clone();
        let fire = move || {
            if let Some(post) = me.upgrade() {
                then(&post, orphan);
            }
        };
        let timer = Timer::after(time, Box::new(fire));
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

    /// The thief has had its time, and was heard.
    fn orphan_over(&self, orphan: Orphan) {
        let Orphan { at, thief, joiner } = orphan;
        let mut state = self.lock();
        let Some(shared) = &mut state.shared else {
            return;
        };
        let timer = shared.forget_orphan(orphan);
        let has = shared.books.thieves_of(joiner).contains(&(at, thief));
        if !has || state.closed {
            drop(state);
            return drop(timer);
        }
        let stays = state.dispatch.leaving(at).is_none() && !state.seats[at].dozes;
        let is_alone = state.has_only_half(at, joiner) && {
            // It begins nothing more from now on, so what it runs by then it runs until it is ended.
            state.dismiss(at);
            state.has_only_half(at, joiner)
        };
        let lane = state.seats[at].lane.clone();
        drop(state);
        drop(timer);
        if is_alone && lane.end_aside() {
            return;
        }
        if stays {
            self.lock().keep(at);
        }
        self.rouse();
        self.arm(orphan);
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
