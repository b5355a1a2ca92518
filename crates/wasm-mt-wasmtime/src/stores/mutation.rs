//! Deliberate faults of the book, read where it decides, so that the model is seen to notice each. In tests only.

/// Whether the model has put this fault in.
#[cfg(test)]
macro_rules! mutated {
    ($name:ident) => {
        $crate::stores::mutation::is($crate::stores::mutation::Mutation::$name)
    };
}
#[cfg(not(test))]
macro_rules! mutated {
    ($name:ident) => {
        false
    };
}
pub(super) use mutated;

#[cfg(test)]
pub(super) use faults::{Mutation, is, with};

#[cfg(test)]
mod faults {
    use std::cell::Cell;

    /// A fault.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::stores) enum Mutation {
        /// Nobody in line is failed, whatever waits for whom.
        NobodyFails,
        /// A job that begins to wait for others is not the occasion to look.
        SuspendsUnseen,
        /// A leave that is given back is not for who is in line.
        NeverGranted,
        /// Idle Stores are not asked for.
        IdleKept,
        /// What was asked for when somebody was in line counts for the next one.
        AskedStale,
        /// Somebody fails although a Store is idle.
        IdleUnseen,
        /// Another one fails before the last has told who waits for it.
        FailsAhead,
        /// A job waits although something has come since it looked.
        Deaf,
        /// The same, where it was suspended then.
        Forgetful,
    }

    impl Mutation {
        pub(in crate::stores) const ALL: [Mutation; 9] = [
            Mutation::NobodyFails,
            Mutation::SuspendsUnseen,
            Mutation::NeverGranted,
            Mutation::IdleKept,
            Mutation::AskedStale,
            Mutation::IdleUnseen,
            Mutation::FailsAhead,
            Mutation::Deaf,
            Mutation::Forgetful,
        ];
    }

    thread_local! {
        static ACTIVE: Cell<Option<Mutation>> = const { Cell::new(None) };
    }

    /// Whether this thread's book has that fault.
    pub(in crate::stores) fn is(mutation: Mutation) -> bool {
        ACTIVE.get() == Some(mutation)
    }

    /// Runs `test` with the fault; the test threads of others have none.
    pub(in crate::stores) fn with<R>(mutation: Mutation, test: impl FnOnce() -> R) -> R {
        struct Reset;
        impl Drop for Reset {
            fn drop(&mut self) {
                ACTIVE.set(None);
            }
        }
        ACTIVE.set(Some(mutation));
        let _reset = Reset;
        test()
    }
}
