use std::collections::BTreeSet;

use futures::executor::block_on;

use super::*;
use crate::view::View;

fn plan() -> Plan {
    let view = View {
        iterations: 300,
        ..View::whole(130, 90, (-0.15, 0.65))
    };
    Plan {
        picture: view.picture(),
        side: 16,
    }
}

fn pool(workers: usize) -> ThreadPool {
    block_on(ThreadPool::builder().workers(workers).build()).unwrap()
}

/// The picture that the tiles make, and how many were rendered away from home.
fn assemble(plan: &Plan, pool: &ThreadPool, tiles: &[Done]) -> (Vec<u8>, usize) {
    let mut rgba = vec![0; (plan.picture.width * plan.picture.height * 4) as usize];
    for done in tiles {
        assert!(done.ended >= done.began);
        tile::place(&mut rgba, plan.picture.width, &done.tile, &done.rgba);
    }
    let threads: Vec<u64> = pool.stats().workers.iter().map(|it| it.thread).collect();
    let away = |done: &&Done| threads[done.home] != done.thread;
    (rgba, tiles.iter().filter(away).count())
}

#[test]
fn each_way_gives_the_same_picture() {
    let plan = plan();
    let picture = julia::render(&plan.picture);
    let pool = pool(3);
    let mut tiles = Vec::new();
    block_on(serial(&plan, async || (), |done| tiles.push(done)));
    assert!(assemble(&plan, &pool, &tiles).0 == picture);
    for mode in [Mode::StaticSplit, Mode::WorkStealing] {
        let mut tiles = Vec::new();
        let run = block_on(parallel(&pool, &plan, mode, |done| tiles.push(done))).unwrap();
        let (rgba, away) = assemble(&plan, &pool, &tiles);
        assert!(rgba == picture, "{mode:?}");
        assert_eq!(away as u64, run.stolen, "{mode:?}");
        assert!(run.millis > 0.0);
    }
}

#[test]
fn with_fixed_shares_nothing_is_stolen() {
    let (plan, pool) = (plan(), pool(2));
    let mut threads = BTreeSet::new();
    let run = parallel(&pool, &plan, Mode::StaticSplit, |done| {
        threads.insert(done.thread);
    });
    assert_eq!(block_on(run).unwrap().stolen, 0);
    assert_eq!(threads.len(), 2);
}

#[test]
fn a_run_that_is_dropped_leaves_the_pool_to_the_next() {
    let (plan, pool) = (plan(), pool(2));
    for mode in [Mode::StaticSplit, Mode::WorkStealing] {
        let (sender, first) = futures::channel::oneshot::channel();
        let mut sender = Some(sender);
        let run = parallel(&pool, &plan, mode, |_| {
            if let Some(sender) = sender.take() {
                let _ = sender.send(());
            }
        });
        let stopped = block_on(select(Box::pin(run), first));
        drop(stopped);
        let mut count = 0;
        block_on(parallel(&pool, &plan, mode, |_| count += 1)).unwrap();
        assert_eq!(count, plan.tiles().len());
    }
}

#[test]
fn more_workers_than_rows_of_tiles_are_none_too_many() {
    let plan = Plan { side: 64, ..plan() };
    let pool = pool(4);
    for mode in [Mode::StaticSplit, Mode::WorkStealing] {
        let mut count = 0;
        block_on(parallel(&pool, &plan, mode, |_| count += 1)).unwrap();
        assert_eq!(count, plan.tiles().len());
    }
}
