//! What becomes of the jobs of a slot whose worker is gone.
//!
//! Invariant: a job that may have run does not run again, unless it is idempotent. So of several in a slot, those behind the one
//! that ran last are laid again, and those before it, whose results went down with the worker, are lost. The job at fault may be behind
//! it, too: it was aborted before its turn, and the worker did not come to it.

use super::unit::Unit;

/// How a worker ended.
pub(crate) struct Death<E> {
    /// The job whose fault it was, by its number, and what that ends with.
    pub(crate) victim: Option<(u64, E)>,
    /// What the others are told.
    pub(crate) why: String,
}

/// What is to be done about the jobs of a slot, without the pool's lock.
pub(crate) struct Met<U: Unit> {
    /// What they end with.
    pub(crate) ended: Vec<(U, U::Error)>,
    /// What is laid again, in order.
    pub(crate) back: Vec<U>,
    /// What nobody waits for.
    pub(crate) dropped: Vec<U>,
}

impl<U: Unit> Default for Met<U> {
    fn default() -> Self {
        Met {
            ended: Vec::new(),
            back: Vec::new(),
            dropped: Vec::new(),
        }
    }
}

impl<U: Unit> Met<U> {
    /// A slot's jobs meet their fate, of which the one with the number `at` ran last.
    pub(super) fn meet(&mut self, mut unit: U, at: u64, death: &mut Death<U::Error>) {
        if unit.is_settled() {
            return self.dropped.push(unit);
        }
        let victim = death.victim.take_if(|(id, _)| unit.place_of(*id).is_some());
        // Where it ran none of those that are still here, it ran their first next.
        let ran = unit.place_of(at).map_or(1, |place| place + 1);
        let Some((id, error)) = victim else {
            return self.part(unit, ran, &death.why);
        };
        let place = unit.place_of(id).unwrap_or(0);
        let behind = (place + 1 < unit.len()).then(|| unit.split_off(place + 1));
        if place > 0 {
            let last = unit.split_off(place);
            self.part(unit, ran, &death.why);
            unit = last;
        }
        self.ended.push((unit, error));
        if let Some(unit) = behind {
            self.part(unit, ran.saturating_sub(place + 1), &death.why);
        }
    }

    /// Of these so many ran, the others are laid again.
    fn part(&mut self, mut unit: U, ran: usize, why: &str) {
        if ran == 0 {
            return self.back.push(unit);
        }
        let rest = (ran < unit.len()).then(|| unit.split_off(ran));
        self.lose(unit, why);
        self.back.extend(rest);
    }

    /// It has run, or may have.
    pub(super) fn lose(&mut self, mut unit: U, why: &str) {
        match unit.begin_again(why) {
            Ok(()) => self.back.push(unit),
            Err(error) => self.ended.push((unit, error)),
        }
    }
}

#[cfg(all(test, not(loom), not(target_family = "wasm")))]
mod tests {
    use super::super::tests::Job;
    use super::*;

    fn met(unit: Job, at: u64, victim: Option<u64>) -> (Vec<(Job, String)>, Vec<Job>) {
        let mut met = Met::default();
        let mut death = Death {
            victim: victim.map(|id| (id, "panicked".to_string())),
            why: "lost".into(),
        };
        met.meet(unit, at, &mut death);
        (met.ended, met.back)
    }

    #[test]
    fn the_victim_alone_fails_where_the_others_were_told() {
        // 10 and 11 of 10..15 have left with their results.
        let (ended, back) = met(Job::many(12, 3), 12, Some(12));
        assert_eq!(ended, [(Job::one(12), "panicked".into())]);
        assert_eq!(back, [Job::many(13, 2)]);
    }

    #[test]
    fn what_ran_before_a_victim_and_was_not_told_is_lost() {
        let (ended, back) = met(Job::many(10, 5), 12, Some(12));
        let lost = (Job::many(10, 2), "lost".to_string());
        assert_eq!(ended, [lost, (Job::one(12), "panicked".into())]);
        assert_eq!(back, [Job::many(13, 2)]);
    }

    #[test]
    fn of_a_terminated_worker_those_behind_the_last_are_laid_again() {
        let (ended, back) = met(Job::many(10, 5), 11, None);
        assert_eq!(ended, [(Job::many(10, 2), "lost".into())]);
        assert_eq!(back, [Job::many(12, 3)]);
        let (ended, back) = met(Job::many(10, 5), 14, None);
        assert_eq!((ended.len(), back.len()), (1, 0));
    }

    #[test]
    fn of_a_row_the_victim_may_be_behind_what_ran_last() {
        let (ended, back) = met(Job::row(10, 6), 11, Some(13));
        let lost = (Job::row(10, 2), "lost".to_string());
        assert_eq!(ended, [lost, (Job::row(13, 1), "panicked".into())]);
        assert_eq!(back, [Job::row(12, 1), Job::row(14, 2)]);
    }

    #[test]
    fn of_a_row_the_victim_may_be_before_what_ran_last() {
        let (ended, back) = met(Job::row(10, 6), 13, Some(11));
        let (lost, ended) = (ended[0].0.clone(), &ended[1..]);
        assert_eq!(lost, Job::row(10, 1));
        let behind = (Job::row(12, 2), "lost".to_string());
        assert_eq!(ended, [(Job::row(11, 1), "panicked".into()), behind]);
        assert_eq!(back, [Job::row(14, 2)]);
    }

    #[test]
    fn what_is_idempotent_begins_again() {
        let mut job = Job::one(3);
        job.again = true;
        let (ended, back) = met(job.clone(), 3, None);
        assert_eq!((ended.len(), back), (0, vec![job.clone()]));
        let (ended, _) = met(job, 3, Some(3));
        assert_eq!(ended.len(), 1, "but not what was at fault");
    }
}
