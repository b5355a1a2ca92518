//! What a benchmark says in the end: medians with their spread, and who rendered what in the last run of each kind.

use serde::Serialize;

use crate::benchmark::{Done, Mode, Run};
use crate::tile::Tile;
use crate::view::View;

/// All of a benchmark.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was rendered.
    pub view: View,
    /// Columns and rows of a tile.
    pub tile: u32,
    /// Runs of each kind.
    pub runs: usize,
    /// A row for each kind, in the order of the first round.
    pub rows: Vec<Row>,
    /// The last run of each.
    pub timelines: Vec<Timeline>,
}

/// Times of the runs of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Who rendered.
    pub mode: Mode,
    /// How many workers; 0 where the page itself did.
    pub workers: usize,
    /// Each run, in milliseconds.
    pub millis: Vec<f64>,
    /// The one in the middle.
    pub median: f64,
    /// The quickest.
    pub least: f64,
    /// The slowest.
    pub most: f64,
    /// How many times as fast as serial, by medians.
    pub speed_up: f64,
    /// The same for the slowest run, and for the quickest.
    pub speed_up_range: [f64; 2],
    /// The speed-up by worker: 1 is all that can be had.
    pub efficiency: f64,
    /// Tiles that a worker took from another, in the last run.
    pub stolen: u64,
}

/// Who rendered what, in one run.
#[derive(Debug, Serialize)]
pub struct Timeline {
    /// Who rendered.
    pub mode: Mode,
    /// How many workers; 0 where the page itself did.
    pub workers: usize,
    /// How long it took, pauses of the page included.
    pub millis: f64,
    /// The tiles, as they came.
    pub blocks: Vec<Block>,
}

/// A tile in a timeline.
#[derive(Debug, Serialize)]
pub struct Block {
    /// The worker that rendered it, from 0.
    pub worker: usize,
    /// The worker in whose share it was.
    pub home: usize,
    /// Milliseconds from the run's begin to its own.
    pub from: f64,
    /// And to its end.
    pub to: f64,
    /// Where it lies.
    pub tile: Tile,
}

/// The runs of one kind, while they are made.
#[derive(Debug)]
pub struct Kind {
    /// Who renders.
    pub mode: Mode,
    /// How many workers; 0 where the page itself does.
    pub workers: usize,
    /// Those that were made.
    pub runs: Vec<Run>,
    /// The last of them.
    pub blocks: Vec<Block>,
}

/// Serial, and then both kinds for each number of workers: the order of a round.
pub fn kinds(workers: usize) -> Vec<Kind> {
    let pairs = (1..=workers)
        .flat_map(|workers| [(Mode::StaticSplit, workers), (Mode::WorkStealing, workers)]);
    std::iter::once((Mode::Serial, 0))
        .chain(pairs)
        .map(|(mode, workers)| Kind {
            mode,
            workers,
            runs: Vec::new(),
            blocks: Vec::new(),
        })
        .collect()
}

impl Kind {
    /// Adds a run, with its tiles and the number of each tile's worker.
    pub fn add(&mut self, run: Run, tiles: &[(Done, usize)]) {
        let block = |(done, worker): &(Done, usize)| Block {
            worker: *worker,
            home: done.home,
            from: done.began - run.began,
            to: done.ended - run.began,
            tile: done.tile,
        };
        self.blocks = tiles.iter().map(block).collect();
        self.runs.push(run);
    }
}

impl Report {
    /// The report of kinds that have all been run.
    pub fn new(view: View, tile: u32, kinds: Vec<Kind>) -> Report {
        let rows = rows(&kinds);
        let runs = kinds.first().map_or(0, |kind| kind.runs.len());
        let timelines = kinds.into_iter().map(|kind| Timeline {
            mode: kind.mode,
            workers: kind.workers,
            millis: kind.blocks.iter().fold(
                kind.runs.last().map_or(0.0, |run| run.millis),
                |most, block| most.max(block.to),
            ),
            blocks: kind.blocks,
        });
        Report {
            view,
            tile,
            runs,
            rows,
            timelines: timelines.collect(),
        }
    }
}

/// The rows of all kinds that have been run, while others may not have been.
pub fn rows(kinds: &[Kind]) -> Vec<Row> {
    let serial = kinds.first().map_or(0.0, |kind| median(&millis(kind)));
    let run = kinds.iter().filter(|kind| !kind.runs.is_empty());
    run.map(|kind| row(kind, serial)).collect()
}

fn millis(kind: &Kind) -> Vec<f64> {
    kind.runs.iter().map(|run| run.millis).collect()
}

fn row(kind: &Kind, serial: f64) -> Row {
    let millis = millis(kind);
    let median = median(&millis);
    let least = millis.iter().copied().fold(f64::INFINITY, f64::min);
    let most = millis.iter().copied().fold(0.0, f64::max);
    let times = |millis: f64| if millis > 0.0 { serial / millis } else { 0.0 };
    Row {
        mode: kind.mode,
        workers: kind.workers,
        median,
        least,
        most,
        speed_up: times(median),
        speed_up_range: [times(most), times(least)],
        efficiency: times(median) / kind.workers.max(1) as f64,
        stolen: kind.runs.last().map_or(0, |run| run.stolen),
        millis,
    }
}

/// The middle one; of an even number, the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle.wrapping_sub(1)), sorted.get(middle)) {
        (Some(below), Some(above)) if sorted.len().is_multiple_of(2) => (below + above) / 2.0,
        (_, Some(middle)) => *middle,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[5.0]), 5.0);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn kinds_that_were_not_run_have_no_row() {
        let mut kinds = kinds(1);
        assert!(rows(&kinds).is_empty());
        let run = Run {
            began: 0.0,
            millis: 5.0,
            stolen: 0,
        };
        kinds[0].add(run, &[]);
        assert!(
            matches!(&rows(&kinds)[..], [row] if row.mode == Mode::Serial && row.speed_up == 1.0)
        );
    }

    #[test]
    fn speed_up_is_of_the_serial_median_and_its_range_has_it_in_between() {
        let mut kinds = kinds(2);
        for (at, kind) in kinds.iter_mut().enumerate() {
            for millis in [100.0, 120.0, 90.0] {
                let millis = if at == 0 { millis } else { millis / at as f64 };
                let run = Run {
                    began: 0.0,
                    millis,
                    stolen: at as u64,
                };
                kind.add(run, &[]);
            }
        }
        let report = Report::new(View::whole(2, 2, (0.0, 0.0)), 16, kinds);
        assert_eq!((report.runs, report.rows.len()), (3, 5));
        let last = &report.rows[4];
        assert_eq!((last.mode, last.workers), (Mode::WorkStealing, 2));
        assert_eq!(last.speed_up, 4.0);
        assert_eq!(last.efficiency, 2.0);
        let [low, high] = last.speed_up_range;
        assert!(low < 4.0 && 4.0 < high);
    }
}
