//! The steps of the protocol that nothing is lost without. A model leaves one out to see that it then fails.

/// A step that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To look again when the sleep is announced.
    SecondLook,
    /// To say how one sleeps before one says that one does.
    ParkBeforeBit,
    /// To have a worker posted whose bit was taken for that of the one before it in its seat.
    PostSuccessor,
    /// To go on where only a helper was woken for a job of the queue.
    PassHelperBy,
    /// To claim a job by an exchange of its state.
    ClaimByExchange,
    /// To claim a job before its cell is passed.
    StateBeforeTop,
    /// To take a fork back by an exchange.
    PopByExchange,
    /// To take a job of the queue back by an exchange.
    WithdrawByExchange,
    /// To say by an exchange that one waits for a fork.
    WaitByExchange,
    /// To say how a fork has ended to a joiner that has begun to wait, too.
    TryWaited,
    /// To wake the joiner that waits.
    WakeJoiner,
    /// To write down a claim before it is made.
    StackBeforeClaim,
    /// To wake the joiner of what a dead worker had ended, too.
    RouseEnded,
    /// To leave a worker asleep that is in its event loop, when a message is counted that it may have handled.
    LeaveListener,
    /// To notify a worker, too, whose park a dead one has taken.
    NotifyAlways,
    /// To free the cell of a result by an exchange.
    FetchByExchange,
    /// To listen before the rings are drained.
    ListenFirst,
    /// To hear a record only where its worker has the job.
    RecordStands,
    /// To count a message before its worker is woken.
    MailBeforeWake,
    /// To look for a dead worker's claims once more. By the owner's clock, and so left out by a model itself.
    #[cfg(loom)]
    SweepAgain,
    /// To look at the state again behind the bytes of a record.
    LookBehindBytes,
}

/// Whether the step is taken: always, but in a model that leaves it out.
#[cfg(not(loom))]
#[inline(always)]
pub(super) const fn taken(_: Step) -> bool {
    true
}

#[cfg(loom)]
pub(super) use super::models::taken;
