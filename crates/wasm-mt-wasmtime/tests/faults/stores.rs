//! Fewer stores than jobs that wait for others: whoever has none is told, and nobody waits for ever.

use wasm_mt_wasmtime::JobError;

use super::ground::{Ground, builder, ended_by};
use super::guest::{Guest, chain};

/// `tree(n)`: spawns two of `tree(n - 1)`, awaits both, and gives how many of the three are there: 2^(n+1) - 1, where nothing
/// fails; of a child that fails nothing is counted. `chain(n)`: awaits `chain(n - 1)`, and gives how many there are.
/// `refused(n)`: as `chain`, and fails as its child does.
fn family() -> Guest {
    Guest::new()
        .job(
            "tree",
            "(local $sum i32) (local $left i32)
             (if (i32.eqz (call $arg)) (then (call $answer (i32.const 1)) (return)))
             (drop (call $child (i32.const 1) (i32.sub (call $arg) (i32.const 1)) (i32.const 0)))
             (call $await (i32.const 1))
             (if (i32.eqz (global.get $status)) (then (local.set $sum (global.get $value))))
             (drop (call $child (i32.const 1) (i32.sub (call $arg) (i32.const 1)) (i32.const 0)))
             (call $await (i32.const 1))
             (if (i32.eqz (global.get $status)) (then
               (local.set $sum (i32.add (local.get $sum) (global.get $value)))))
             (call $answer (i32.add (local.get $sum) (i32.const 1)))",
        )
        .job("chain", &chain(2))
        .job(
            "status",
            "(drop (call $child (i32.const 0) (i32.const 1) (i32.const 0)))
             (call $await (i32.const 1))
             (call $answer (global.get $status))",
        )
        // As many at once as its argument, all of them awaited together.
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
}

/// One store: a job that awaits a child has it, so there is none for the child, and the parent is told.
pub(crate) fn one_store_and_a_child() {
    for threads in [1, 2, 4] {
        let ground = Ground::from(builder(&family()).threads(threads).max_stores(1));
        for _ in 0..20 {
            assert_ne!(ground.run("status", 0).unwrap(), 0);
            assert_eq!(ground.run("next", 1).unwrap(), 2);
        }
        ground.holds();
    }
}

/// Each job that waits has a store: as deep as there are stores it goes, and no deeper.
pub(crate) fn a_chain_longer_than_the_stores() {
    for threads in [1, 2, 4] {
        for stores in [1, 2, 8] {
            let ground = Ground::from(builder(&family()).threads(threads).max_stores(stores));
            // All but the one that had no store.
            assert!(ground.run("chain", 100).unwrap() < stores as u8);
            let fits = stores as u8 - 1;
            assert_eq!(ground.run("chain", fits).unwrap(), fits);
            ground.holds();
        }
    }
}

/// Two stores, and jobs that all await children in turn: each handle settles, and whatever had room is counted.
pub(crate) fn trees_in_few_stores() {
    for threads in [1, 2] {
        for stores in [1, 2, 3] {
            let ground = Ground::from(builder(&family()).threads(threads).max_stores(stores));
            let handles: Vec<_> = (0..20).map(|_| ground.spawn("tree", 4)).collect();
            for handle in handles {
                match handle.wait() {
                    Ok(sum) => assert!((1..=31).contains(&sum), "{sum}"),
                    // Another tree's jobs had all the stores.
                    Err(error) => ended_by(&error, JobError::is_limit),
                }
            }
            ground.holds();
        }
    }
}

/// One after the other they have room enough: depth 4 takes five stores.
pub(crate) fn a_tree_that_fits() {
    let ground = Ground::from(builder(&family()).threads(2).max_stores(5));
    for _ in 0..20 {
        assert_eq!(ground.run("tree", 4).unwrap(), 31);
    }
    ground.holds();
}

/// More children than stores are nothing special: they do not wait for each other.
pub(crate) fn more_children_than_stores() {
    for threads in [1, 2, 4] {
        let ground = Ground::from(builder(&family()).threads(threads).max_stores(2));
        assert_eq!(ground.run("many", 200).unwrap(), 200);
        ground.holds();
    }
}

/// As many parents as stores, all waiting at the same time.
pub(crate) fn every_job_waits_for_a_child() {
    for threads in [1, 2, 4] {
        let ground = Ground::from(builder(&family()).threads(threads).max_stores(8));
        for _ in 0..10 {
            let handles: Vec<_> = (0..40).map(|_| ground.spawn("status", 0)).collect();
            for handle in handles {
                match handle.wait() {
                    Ok(_) => {}
                    Err(error) => ended_by(&error, JobError::is_limit),
                }
            }
        }
        ground.holds();
    }
}
