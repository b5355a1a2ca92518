//! [`State`]: the one word of a job that says who has it. Whoever changes it by an exchange has done what the change says; nothing
//! else in the memories decides anything about a job.

/// What a job's state says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// There is no job, or it was taken back.
    Free,
    /// Anybody may claim it.
    Pending,
    /// One board's worker has it.
    Running,
    /// A fork's value is in the cell.
    Done,
    /// The message of a fork's panic is in the cell.
    Panicked,
    /// The worker that had the fork is gone.
    Lost,
}

/// Phase in four bits, `WAITED`, the cell in eight bits from the 8th on, the board in sixteen from the 16th on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State(pub(super) i32);

/// The fork's joiner sleeps, and is to be woken.
const WAITED: i32 = 1 << 4;

impl State {
    pub(super) const FREE: State = State(0);
    pub(super) const PENDING: State = State(1);

    /// The worker of that board has it, and will leave a fork's result in that cell.
    pub(super) const fn running(board: u16, cell: u8) -> Self {
        State(2 | (cell as i32) << 8 | (board as i32) << 16)
    }

    pub(crate) const fn phase(self) -> Phase {
        match self.0 & 0xf {
            1 => Phase::Pending,
            2 => Phase::Running,
            3 => Phase::Done,
            4 => Phase::Panicked,
            5 => Phase::Lost,
            // Nobody writes another number.
            _ => Phase::Free,
        }
    }

    /// Who has it, or had it; 0 for nobody.
    pub(crate) const fn board(self) -> u16 {
        (self.0 >> 16) as u16
    }

    pub(crate) const fn cell(self) -> u8 {
        (self.0 >> 8) as u8
    }

    pub(super) const fn waited(self) -> bool {
        self.0 & WAITED != 0
    }

    pub(super) const fn with_waited(self) -> Self {
        State(self.0 | WAITED)
    }

    /// The same job, which has ended.
    pub(super) const fn ended(self, phase: Phase) -> Self {
        let number = match phase {
            Phase::Free => 0,
            Phase::Pending => 1,
            Phase::Running => 2,
            Phase::Done => 3,
            Phase::Panicked => 4,
            Phase::Lost => 5,
        };
        State(self.0 & !(0xf | WAITED) | number)
    }
}
