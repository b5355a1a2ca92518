//! What the rule reaches, as ratios: of the ideal time (all work, evenly spread over the workers, without any message), or
//! of posting each job in a message of its own.

use super::load::Load;
use super::measure::{
    alone, bands, batches, bimodal, clustered, empty, empty_by_owner, empty_messages, ideal, late,
    length, many, shuffled, skewed,
};

/// Ticks of clocks, in µs: of an isolated page, of Chromium's and of WebKit's other pages.
pub(super) const TICKS: [f64; 3] = [5.0, 100.0, 1000.0];

/// A ratio and what it must be.
pub(super) struct Figure {
    pub(super) what: &'static str,
    pub(super) goal: Goal,
    measure: fn(f64) -> Result<f64, String>,
}

pub(super) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

pub(super) const SKEWED: [Figure; 5] = [
    at_most(
        "200 jobs, 20 of them 20 times longer, 0.5 s, 2 workers: first",
        1.06,
        |tick| skewed(tick, |i| i < 20),
    ),
    at_most("the same, the long ones last", 1.06, |tick| {
        skewed(tick, |i| i >= 180)
    }),
    at_most("the same, in the middle", 1.06, |tick| {
        skewed(tick, |i| (90..110).contains(&i))
    }),
    at_most("the same, every tenth", 1.06, |tick| {
        skewed(tick, |i| i % 10 == 0)
    }),
    at_most("the same, median of 20 random orders", 1.06, |tick| {
        shuffled(tick, 500_000.0)
    }),
];
pub(super) const SKEWED_SMALL: Figure = at_most(
    "the same in 5 ms, median of 20 random orders",
    1.3,
    |tick| shuffled(tick, 5000.0),
);
pub(super) const BIMODAL: Figure = at_most(
    "400 jobs of 100 µs, one in 10 of 2 ms, 2 workers, median of 20",
    1.05,
    bimodal,
);
pub(super) const CLUSTERED: [Figure; 3] = [
    at_most(
        "2,000 rows of 5 µs, 200 in the middle of 500 µs, 2 workers",
        1.1,
        |tick| clustered(tick, 2000, 5.0, 900..1100, 500.0),
    ),
    at_most(
        "1,000 rows of 5 µs, the last 40 of 1 ms, 2 workers",
        1.1,
        |tick| clustered(tick, 1000, 5.0, 960..1000, 1000.0),
    ),
    at_most(
        "10,000 rows of 1 µs, 200 in the middle of 200 µs, 2 workers",
        1.8,
        |tick| clustered(tick, 10_000, 1.0, 5000..5200, 200.0),
    ),
];
pub(super) const BATCHES: Figure = at_most(
    "100 batches of 16, 0.5 ms, one in 10 of 20 ms, 4 workers",
    1.05,
    batches,
);
pub(super) const EMPTY: Figure = at_least(
    "10,000 empty jobs, 2 workers: times the rate of a message a job",
    15.0,
    empty,
);
pub(super) const EMPTY_BY_OWNER: Figure = at_least(
    "the same: times the rate at which the owner could post a message a job at all",
    14.0,
    empty_by_owner,
);
pub(super) const EMPTY_MESSAGES: Figure =
    at_most("the same: number of messages", 100.0, empty_messages);
pub(super) const JULIA: Figure = at_most("40 bands of a Julia set, 2 workers", 1.05, |tick| {
    ideal(Load::new(2, tick).map(&bands()))
});
pub(super) const MANY: [Figure; 3] = [
    at_most("128 workers, 1,280 jobs of 1 ms", 1.1, |tick| {
        many(tick, 1280, 1000.0)
    }),
    at_most("128 workers, 6,400 jobs of 1 ms", 1.1, |tick| {
        many(tick, 6400, 1000.0)
    }),
    at_most("128 workers, 12,800 jobs of 1 ms", 1.1, |tick| {
        many(tick, 12_800, 1000.0)
    }),
];
pub(super) const MANY_SHORT: Figure = at_most("128 workers, 6,400 jobs of 100 µs", 1.95, |tick| {
    many(tick, 6400, 100.0)
});
pub(super) const LENGTHS: [Figure; 5] = [
    at_most("1,000 jobs of 10 µs, 2 workers", 1.2, |tick| {
        length(tick, 10.0)
    }),
    at_most("1,000 jobs of 100 µs, 2 workers", 1.05, |tick| {
        length(tick, 100.0)
    }),
    at_most("1,000 jobs of 1 ms, 2 workers", 1.01, |tick| {
        length(tick, 1000.0)
    }),
    at_most("1,000 jobs of 10 ms, 2 workers", 1.01, |tick| {
        length(tick, 10_000.0)
    }),
    at_most("1,000 jobs of 100 ms, 2 workers", 1.01, |tick| {
        length(tick, 100_000.0)
    }),
];
pub(super) const ALONE: Figure = at_most("one empty job at a time: of a bare message", 1.02, alone);
pub(super) const LATE: Figure = at_most(
    "20,000 jobs of 100 µs, owner busy 6 of 16 ms, 2 workers",
    1.2,
    late,
);
pub(super) const NESTED: Figure =
    at_most("a job spawns 1,000 of 100 µs, 4 workers", 1.05, |tick| {
        ideal(Load::new(4, tick).nested(&[100.0; 1000]))
    });

const fn at_most(what: &'static str, goal: f64, measure: fn(f64) -> Result<f64, String>) -> Figure {
    Figure {
        what,
        goal: Goal::AtMost(goal),
        measure,
    }
}

const fn at_least(
    what: &'static str,
    goal: f64,
    measure: fn(f64) -> Result<f64, String>,
) -> Figure {
    Figure {
        what,
        goal: Goal::AtLeast(goal),
        measure,
    }
}

impl Figure {
    pub(super) fn measure(&self, tick: f64) -> Result<f64, String> {
        (self.measure)(tick)
    }

    /// Its row in the page's table.
    fn row(&self) -> String {
        let reached =
            TICKS.map(|tick| format!("{:.3}", self.measure(tick).expect("no law is broken")));
        let goal = match self.goal {
            Goal::AtMost(goal) => format!("≤ {goal}"),
            Goal::AtLeast(goal) => format!("≥ {goal}"),
        };
        format!("| {} | {} | {goal} |", self.what, reached.join(" | "))
    }

    /// Whether the goal is reached at each tick.
    pub(super) fn check(&self) -> Result<(), String> {
        for tick in TICKS {
            let reached = self.measure(tick)?;
            let holds = match self.goal {
                Goal::AtMost(goal) => reached <= goal,
                Goal::AtLeast(goal) => reached >= goal,
            };
            if !holds {
                return Err(format!(
                    "{}, at ticks of {tick} µs: {reached:.3}",
                    self.what
                ));
            }
        }
        Ok(())
    }
}

/// The page's table is what this prints.
#[test]
fn the_page_states_the_figures() {
    let one = [
        BIMODAL,
        BATCHES,
        JULIA,
        NESTED,
        LATE,
        EMPTY,
        EMPTY_BY_OWNER,
        EMPTY_MESSAGES,
        ALONE,
    ];
    let all = SKEWED
        .into_iter()
        .chain([SKEWED_SMALL])
        .chain(LENGTHS)
        .chain(CLUSTERED)
        .chain(one)
        .chain(MANY)
        .chain([MANY_SHORT]);
    let rows: Vec<String> = all.map(|figure| figure.row()).collect();
    println!("{}", rows.join("\n"));
    let page = include_str!("../../../../../../docs/scheduler.md");
    assert_states("docs/scheduler.md", page, rows);
    let page = include_str!("../../../../../../docs/performance.md");
    let lengths = LENGTHS.iter().map(Figure::row).collect();
    assert_states("docs/performance.md", page, lengths);
}

fn assert_states(name: &str, page: &str, rows: Vec<String>) {
    for row in rows {
        let is_there = page.lines().any(|line| line == row);
        assert!(is_there, "{name} lacks this: {row}");
    }
}
