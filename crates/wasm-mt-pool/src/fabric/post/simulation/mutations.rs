//! Each deliberate fault in the rule or in the lines breaks a law or misses a figure; otherwise nothing would hold the
//! code to it.

use crate::scheduler::mutation::{Mutation, with};

use super::figures::*;
use super::laws;

#[test]
fn explore() {
    use Mutation::*;
    let all = [FrameOfAMillisecond, FrameForTwo, NoShare, NoAlways, UnknownIsFree, MeanAlone, FadesAtOnce, NothingAhead, FarAhead, AheadForSure, FirstRoundAlone, GapUnheard, NeverSteals, StealsForbidden, TakesPinned, PostsSettled, LosesRest, LosesDeque, ReturnsLast, CountsThefts];
    for m in all {
        with(m, || {
            print!("{m:?}: ");
            match laws::hold(150) { Err(e) => println!("law {e}"), Ok(_) => {
                println!();
                for f in SKEWED.into_iter().chain([SKEWED_SMALL, BIMODAL, EMPTY, EMPTY_MESSAGES, JULIA, ALONE, LATE, NESTED, MANY_SHORT]).chain(MANY) {
                    let r = TICKS.map(|t| f.measure(t).map_or_else(|l| l, |r| format!("{r:.3}")));
                    println!("    {} {r:?} {}", f.check().is_err(), f.what);
                }
            } }
        });
    }
}
