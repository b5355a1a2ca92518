//! What the owner's books hold: a job, several of a `map`, or several that were spawned one by one, a *row*. What a unit answers may
//! run under the pool's lock: it is quick, and calls nothing foreign.

/// A job, or several whose numbers follow one another, of which the first leaves first.
pub(crate) trait Unit: Sized {
    /// What becomes of a job that does not run to its end.
    type Error;
    /// Its place in a bounded queue, to be dropped without the pool's lock.
    type Place;

    /// Same function and types: what its cost is guessed by.
    fn kind(&self) -> u64;
    /// The number of its first job. Those of the others follow.
    fn first(&self) -> u64;
    /// Jobs in it, at least one.
    fn len(&self) -> usize;
    /// Leaves `at` jobs and gives the rest; 0 < at < len.
    fn split_off(&mut self, at: usize) -> Self;
    /// One that may be in a row: it is short, and begins once only.
    fn is_short(&self) -> bool;
    /// Such a one can stand right behind that unit in a row.
    fn follows(&self, before: &Self) -> bool;
    /// Takes in one that follows. It is a row then.
    fn append(&mut self, next: Self);
    /// It is jobs that were spawned one by one.
    fn is_row(&self) -> bool;
    /// Which of the queues it goes to: 0 for what is urgent, 2 for what has time.
    fn queue(&self) -> usize;
    /// Nobody waits for it any more.
    fn is_settled(&self) -> bool;
    /// Of a row, the place of the first job from there on that nobody waits for any more.
    fn settled(&self, from: usize) -> Option<usize>;
    /// It waits no more in a bounded queue, where it did.
    fn leave_queue(&mut self) -> Option<Self::Place>;
    /// Its worker was lost while it ran. It can begin again, or gives what it ends with.
    fn begin_again(&mut self, why: &str) -> Result<(), Self::Error>;

    /// Which of its jobs has this number.
    fn place_of(&self, id: u64) -> Option<usize> {
        let place = id.checked_sub(self.first())? as usize;
        (place < self.len()).then_some(place)
    }
}
