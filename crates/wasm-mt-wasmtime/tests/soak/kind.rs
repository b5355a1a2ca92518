//! The kinds of jobs that a soak draws, the guest that has them, and how each may end.

use wasm_mt_wasmtime::JobError;

use crate::guest::{CHECKS, DEAF, Guest, HEEDS, NEXT, SPINS, chain};
use crate::random::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Next,
    /// Awaits a child that awaits a child, as deep as its argument says.
    Chain,
    /// Spawns as many as its argument says, and awaits all of them.
    Many,
    /// Awaits a child that panics, and gives what it was told of that.
    Parent,
    /// Spawns a child, and ends without it.
    Leaves,
    /// Waits as many tenths of a millisecond as its argument says.
    Sleeps,
    Panics,
    Traps,
    Grows,
    Recurses,
    /// Awaits what never comes, and ends when it is aborted.
    Heeds,
    /// The same, and does not.
    Deaf,
    /// Calls nothing but `checkpoint`.
    Checks,
    /// Calls nothing.
    Spins,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Value,
    Panic,
    Trap,
    Memory,
    Stack,
    Cancelled,
    Deadline,
    Limit,
}

/// What was done to it from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Awaited,
    /// At a random moment.
    Cancelled,
    Timed,
    Dropped,
}

/// The place of `panics` in the guest, whose status is that of a panic.
const PANICS: u8 = 6;
const PANICKED: u8 = 5;

pub(crate) fn guest() -> Guest {
    let guest = Guest::new()
        .job(
            "chain",
            &chain(1),
        )
        .job(
            "many",
            "(local $n i32)
             (local.set $n (call $arg))
             (loop $next
               (drop (call $child (i32.const 0) (local.get $n) (i32.const 0)))
               (local.set $n (i32.sub (local.get $n) (i32.const 1)))
               (br_if $next (local.get $n)))
             (call $await (call $arg))
             (call $answer (call $arg))",
        )
        .job(
            "parent",
            &format!(
                "(drop (call $child (i32.const {PANICS}) (i32.const 0) (i32.const 0)))
                 (call $await (i32.const 1)) (call $answer (global.get $status))"
            ),
        )
        .job(
            "leaves",
            "(drop (call $child (i32.const 0) (i32.const 1) (i32.const 0)))
             (call $answer (call $arg))",
        )
        .job(
            "sleeps",
            "(drop (call $heed (i64.mul (i64.const 100000) (i64.extend_i32_u (call $arg)))))
             (call $answer (call $arg))",
        )
        .job("panics", "(call $panic)")
        .job("traps", "(unreachable)")
        .job(
            "grows",
            "(loop $on (br_if $on (i32.ne (i32.const -1) (memory.grow (i32.const 8))))) (unreachable)",
        )
        .job("recurses", "(drop (call $deeper (i64.const 0)))")
        .job(
            "heeds",
            HEEDS,
        )
        .job(
            "deaf",
            DEAF,
        )
        .job("checks", CHECKS)
        .job("spins", SPINS);
    guest.with(
        "(func $deeper (param i64) (result i64)
           (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (local.get 0)))",
    )
}

impl Kind {
    /// One in ten is a fault; each of those costs a store.
    pub(crate) fn draw(random: &mut Random) -> Kind {
        match random.below(1000) {
            0..20 => Kind::Panics,
            20..40 => Kind::Traps,
            40..50 => Kind::Grows,
            50..60 => Kind::Recurses,
            60..70 => Kind::Heeds,
            70..80 => Kind::Deaf,
            80..90 => Kind::Checks,
            90..100 => Kind::Spins,
            100..150 => Kind::Parent,
            150..200 => Kind::Chain,
            200..220 => Kind::Many,
            220..260 => Kind::Leaves,
            260..360 => Kind::Sleeps,
            _ => Kind::Next,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Next => NEXT,
            Kind::Chain => "chain",
            Kind::Many => "many",
            Kind::Parent => "parent",
            Kind::Leaves => "leaves",
            Kind::Sleeps => "sleeps",
            Kind::Panics => "panics",
            Kind::Traps => "traps",
            Kind::Grows => "grows",
            Kind::Recurses => "recurses",
            Kind::Heeds => "heeds",
            Kind::Deaf => "deaf",
            Kind::Checks => "checks",
            Kind::Spins => "spins",
        }
    }

    /// It ends only by force.
    pub(crate) fn is_endless(self) -> bool {
        matches!(self, Kind::Heeds | Kind::Deaf | Kind::Checks | Kind::Spins)
    }

    pub(crate) fn arg(self, random: &mut Random) -> u8 {
        match self {
            Kind::Chain => random.below(8) as u8,
            Kind::Many | Kind::Sleeps => 1 + random.below(20) as u8,
            _ => random.below(100) as u8,
        }
    }

    /// What it gives where nothing is in its way.
    fn value(self, arg: u8) -> u8 {
        match self {
            Kind::Next => arg + 1,
            Kind::Parent => PANICKED,
            _ => arg,
        }
    }

    /// How it ends by itself.
    fn natural(self) -> Option<Outcome> {
        match self {
            Kind::Panics => Some(Outcome::Panic),
            Kind::Traps => Some(Outcome::Trap),
            Kind::Grows => Some(Outcome::Memory),
            Kind::Recurses => Some(Outcome::Stack),
            kind if kind.is_endless() => None,
            _ => Some(Outcome::Value),
        }
    }

    /// The result is one that a job of this kind may have after this. `few` says that stores can run out.
    pub(crate) fn judge(
        self,
        arg: u8,
        fate: Fate,
        few: bool,
        result: &Result<u8, JobError>,
    ) -> Outcome {
        let outcome = Outcome::of(result);
        let is_allowed = match outcome {
            Outcome::Cancelled => fate == Fate::Cancelled,
            Outcome::Deadline => fate == Fate::Timed,
            Outcome::Limit => few,
            outcome => Some(outcome) == self.natural(),
        };
        assert!(is_allowed, "{self:?}({arg}), {fate:?}: {result:?}");
        if let Ok(value) = *result {
            // A child that had no store is told to its parent, which goes on.
            let is_less = few && matches!(self, Kind::Chain | Kind::Parent);
            assert!(
                value == self.value(arg) || is_less,
                "{self:?}({arg}): {value}"
            );
        }
        outcome
    }

    /// Its error is told to whom the builder names, where nobody waits for it.
    pub(crate) fn fails(self) -> bool {
        self.natural() != Some(Outcome::Value)
    }
}

impl Outcome {
    fn of(result: &Result<u8, JobError>) -> Self {
        let error = match result {
            Ok(_) => return Outcome::Value,
            Err(error) => error,
        };
        type Is = fn(&JobError) -> bool;
        let kinds: [(Is, Outcome); 7] = [
            (JobError::is_panic, Outcome::Panic),
            (JobError::is_trap, Outcome::Trap),
            (JobError::is_memory, Outcome::Memory),
            (JobError::is_stack, Outcome::Stack),
            (JobError::is_cancelled, Outcome::Cancelled),
            (JobError::is_deadline, Outcome::Deadline),
            (JobError::is_limit, Outcome::Limit),
        ];
        let of = kinds.into_iter().find(|(is, _)| is(error));
        of.unwrap_or_else(|| panic!("{error:?}")).1
    }
}
