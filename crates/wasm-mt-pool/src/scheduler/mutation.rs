//! Deliberate faults, read where the decision falls, so that the tests are seen to notice each. In tests only.

use std::cell::Cell;

/// A fault in the rule or in the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// A frame may hold 1 ms of work, however few the workers.
    FrameOfAMillisecond,
    /// A frame holds no more for 128 workers than for two.
    FrameForTwo,
    /// A frame takes all that waits, if it is short enough.
    NoShare,
    /// Where little waits, one job goes at a time, however short.
    NoAlways,
    /// Jobs of an unknown kind fill a frame.
    UnknownIsFree,
    /// Jobs of one kind are thought to cost the same.
    MeanAlone,
    /// A coarse clock's old frames fade like a fine one's.
    FadesAtOnce,
    /// Nothing is posted to a worker that runs something.
    NothingAhead,
    /// Sixteen frames are posted ahead.
    FarAhead,
    /// Something is posted ahead although it may have to wait for long, and the others have nothing.
    AheadForSure,
    /// In the first round of many workers, each waits until the owner has served all.
    FirstRoundAlone,
    /// What workers say of their idling is not heard.
    GapUnheard,
    /// Nothing is stolen.
    NeverSteals,
    /// It is stolen although that is forbidden.
    StealsForbidden,
    /// What is pinned is taken by others.
    TakesPinned,
    /// What is settled is posted.
    PostsSettled,
    /// The rest of a unit that was split is lost.
    LosesRest,
    /// What waits when a worker dies is lost.
    LosesLines,
    /// What is given back runs behind all others.
    ReturnsLast,
    /// A theft is counted when it happens, not when the job goes out.
    CountsThefts,
    /// What is urgent has no precedence.
    UrgentWaits,
    /// What has less priority waits until there is nothing else.
    Starves,
    /// What lies on the deque of a worker that is retired stays there.
    LosesRetired,
}

impl Mutation {
    pub(crate) const ALL: [Mutation; 23] = [
        Mutation::FrameOfAMillisecond,
        Mutation::FrameForTwo,
        Mutation::NoShare,
        Mutation::NoAlways,
        Mutation::UnknownIsFree,
        Mutation::MeanAlone,
        Mutation::FadesAtOnce,
        Mutation::NothingAhead,
        Mutation::FarAhead,
        Mutation::AheadForSure,
        Mutation::FirstRoundAlone,
        Mutation::GapUnheard,
        Mutation::NeverSteals,
        Mutation::StealsForbidden,
        Mutation::TakesPinned,
        Mutation::PostsSettled,
        Mutation::LosesRest,
        Mutation::LosesLines,
        Mutation::ReturnsLast,
        Mutation::CountsThefts,
        Mutation::UrgentWaits,
        Mutation::Starves,
        Mutation::LosesRetired,
    ];
}

thread_local! {
    static ACTIVE: Cell<Option<Mutation>> = const { Cell::new(None) };
}

/// Whether this thread's rule has that fault.
pub(crate) fn is(mutation: Mutation) -> bool {
    ACTIVE.get() == Some(mutation)
}

/// Runs `test` with the fault; the test threads of others have none.
pub(crate) fn with<R>(mutation: Mutation, test: impl FnOnce() -> R) -> R {
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
