//! Forks, and the joins that wait for them.

use std::thread;

use super::*;

/// Leaves of a tree that is split in two until it has one, and a value that is sometimes too long to lie inline.
fn tree(hands: &Hands<Heap>, leaves: u32) -> (u32, Vec<u8>) {
    if leaves <= 1 {
        return (leaves, vec![leaves as u8; 4]);
    }
    let half = leaves / 2;
    let mut left = 0;
    let ended = hands.join(
        &(leaves - half).to_le_bytes(),
        || left = tree(hands, half).0,
        &|hands, bytes| {
            let leaves = u32::from_le_bytes(bytes.try_into().expect("four"));
            let (sum, padding) = tree(hands, leaves);
            [&sum.to_le_bytes(), padding.as_slice()].concat()
        },
    );
    let Ended::Done(bytes) = ended else {
        panic!("nobody is gone");
    };
    let right = u32::from_le_bytes(bytes[..4].try_into().expect("four"));
    (
        left + right,
        vec![0; if leaves.is_multiple_of(3) { 400 } else { 8 }],
    )
}

#[test]
fn trees_of_forks_are_summed_by_whoever_is_free() {
    const TREES: u32 = 200;
    const LEAVES: u32 = 300;
    let mut desk = Desk::new();
    let workers = desk.workers(3);
    let threads: Vec<_> = workers
        .into_iter()
        .map(|(hands, posted)| {
            let hears = desk.hears.clone();
            thread::spawn(move || {
                let run = |hands: &Hands<Heap>, bytes: Vec<u8>| {
                    let leaves = u32::from_le_bytes(bytes.try_into().expect("four"));
                    let (sum, padding) = tree(hands, leaves);
                    [&sum.to_le_bytes(), padding.as_slice()].concat()
                };
                work(&hands, &posted, &hears, &run, &run);
                hands
            })
        })
        .collect();
    let (mut laid, mut ended) = (0, 0);
    while ended < TREES {
        // Fewer than there are workers, so that some have nothing but forks.
        while laid < TREES && laid - ended < 2 {
            let slot = desk.own.lay(1, &LEAVES.to_le_bytes(), 0);
            assert!(slot.is_some(), "there is room");
            desk.wake();
            laid += 1;
        }
        let (_, reports) = desk.hear();
        for report in reports {
            let Some(Content::Bytes(bytes)) = report.content else {
                panic!("a small result has room");
            };
            assert_eq!(bytes[..4], LEAVES.to_le_bytes());
            ended += 1;
        }
    }
    desk.shut();
    for thread in threads {
        let hands = thread.join().expect("no worker panics");
        assert_eq!(hands.own.claims(), 0);
        assert!(hands.own.is_empty(), "a block or a cell was not given back");
    }
    assert_eq!(desk.own.room(), SLOTS as usize);
}

#[test]
fn who_does_not_know_the_thief_is_not_robbed() {
    let mut desk = Desk::new();
    let (old, _) = desk.workers(1).remove(0);
    let (new, _) = desk.workers(1).remove(0);
    let laid = old.own.push(b"fork").expect("there is room");
    assert_eq!(new.find_fork(), None);
    old.own.set_known(2);
    let stolen = new.find_fork().expect("it may be stolen now");
    assert_eq!(stolen.from, 1);
    assert!(!old.own.pop(laid));
}

#[test]
fn the_oldest_fork_is_stolen_first_and_deep_ones_run_in_place() {
    let mut desk = Desk::new();
    let mut workers = desk.workers(2);
    let (thief, _) = workers.remove(1);
    let (hands, _) = workers.remove(0);
    let mut forks = Vec::new();
    while let Some(fork) = hands.own.push(&forks.len().to_le_bytes()) {
        forks.push(fork);
    }
    assert_eq!(forks.len(), 256);
    let stolen = thief.find_fork().expect("there are some");
    let record = hands.own.board().record(&stolen, 2);
    assert_eq!(record, Some(0_usize.to_le_bytes().to_vec()));
    let mine = forks.iter().rev().filter(|fork| hands.own.pop(**fork));
    assert_eq!(mine.count(), 255);
}

#[test]
fn a_panic_is_told_however_long_its_message_is() {
    let mut desk = Desk::new();
    let mut workers = desk.workers(2);
    let (thief, _) = workers.remove(1);
    let (hands, _) = workers.remove(0);
    let fork = hands.own.push(b"fork").expect("there is room");
    let stolen = thief.find_fork().expect("there is one");
    let long = vec![b'x'; MOST as usize + 1];
    thief.own.fail(stolen, hands.own.board(), &long);
    assert!(hands.own.has_ended(fork));
    assert!(!hands.own.waits_for(fork));
    let ended = hands.own.take(fork, |number| hands.board(number));
    assert_eq!(ended, Ended::Panicked(vec![b'x'; INLINE_BYTES as usize]));
}
