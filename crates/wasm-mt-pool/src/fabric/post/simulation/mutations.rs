//! Each deliberate fault in the rule or in the lines breaks a law or misses a figure: otherwise nothing would hold the code
//! to it.

use crate::scheduler::mutation::{Mutation, with};

use super::figures::*;
use super::laws;

/// What must notice the fault.
enum Notices {
    Law(&'static str),
    Figure(Figure),
}

fn notices(mutation: Mutation) -> Notices {
    use Notices::{Figure, Law};
    let [in_the_middle, at_the_end, _] = CLUSTERED;
    let [many, ..] = MANY;
    let [long_first, ..] = SKEWED;
    match mutation {
        Mutation::FrameOfAMillisecond => Figure(in_the_middle),
        Mutation::FrameForTwo | Mutation::NoAlways => Figure(MANY_SHORT),
        Mutation::NoShare => Figure(at_the_end),
        Mutation::UnknownIsFree => Figure(JULIA),
        Mutation::MeanAlone | Mutation::AheadForSure => Figure(BATCHES),
        Mutation::FadesAtOnce => Figure(EMPTY_MESSAGES),
        Mutation::NothingAhead => Figure(BIMODAL),
        Mutation::FarAhead => Figure(long_first),
        Mutation::FirstRoundAlone => Figure(many),
        Mutation::GapUnheard => Figure(LATE),
        Mutation::NeverSteals | Mutation::LosesLines => Law("idles while a job waits"),
        Mutation::LosesRest => Law("it was not its turn"),
        Mutation::StealsForbidden => Law("stolen although that is forbidden"),
        Mutation::TakesPinned => Law("a pinned job went to another worker"),
        Mutation::PostsSettled => Law("a settled unit was posted"),
        Mutation::ReturnsLast => Law("what was given back did not go first"),
        Mutation::CountsThefts => Law("stolen, but"),
        Mutation::UrgentWaits => Law("it was not its turn"),
        Mutation::Starves => Law("what has less priority starves"),
        Mutation::LosesRetired => Law("idles while a job waits"),
    }
}

#[test]
fn each_deliberate_fault_is_noticed() {
    for mutation in Mutation::ALL {
        let noticed = with(mutation, || match notices(mutation) {
            Notices::Law(law) => laws::hold(100).err().filter(|broken| broken.contains(law)),
            Notices::Figure(figure) => figure.check().err(),
        });
        println!(
            "{mutation:?}: {}",
            noticed.unwrap_or_else(|| panic!("nobody notices {mutation:?}"))
        );
    }
}
