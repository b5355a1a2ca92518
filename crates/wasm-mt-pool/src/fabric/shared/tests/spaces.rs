//! The allocator of bulk memory.

use proptest::prelude::*;

use super::super::space::{Block, Space};
use super::*;

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<u8>),
    Free(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let put = (any::<u8>(), 0..3000_usize).prop_map(|(byte, len)| Step::Put(vec![byte; len]));
    let free = any::<usize>().prop_map(Step::Free);
    prop::collection::vec(prop_oneof![put, free], 0..200)
}

proptest! {
    #[test]
    fn blocks_keep_their_bytes_and_all_of_it_comes_back(
        steps in steps(),
        bytes in 0..8192_u32,
        most in 0..65536_u32,
    ) {
        let bulk = Heap::new(bytes, most.max(bytes));
        let whole = most.max(bytes) / 64 * 64;
        let mut space = Space::new(bulk.clone(), most);
        let mut blocks: Vec<(Block, Vec<u8>)> = Vec::new();
        for step in steps {
            match step {
                Step::Put(bytes) => match space.put(&bytes) {
                    Some(block) => blocks.push((block, bytes)),
                    None => prop_assert!(!blocks.is_empty() || bytes.len().max(1) as u32 > whole),
                },
                Step::Free(at) if !blocks.is_empty() => {
                    let (block, bytes) = blocks.swap_remove(at % blocks.len());
                    prop_assert_eq!(bulk.read(block.word(), bytes.len() as u32), bytes);
                    space.free(block);
                }
                Step::Free(_) => {}
            }
        }
        for (block, bytes) in blocks {
            prop_assert_eq!(bulk.read(block.word(), bytes.len() as u32), bytes);
            space.free(block);
        }
        prop_assert_eq!(space.left(), bulk.bytes() / 64 * 64);
        prop_assert!(space.is_whole());
    }
}

#[test]
fn it_grows_for_what_does_not_fit() {
    let bulk = Heap::new(128, 1 << 20);
    let mut space = Space::new(bulk.clone(), 1 << 20);
    let first = space.put(&[1; 100]).expect("it fits");
    let second = space.put(&[2; 5000]).expect("it grows");
    assert!(bulk.bytes() >= 5000);
    assert_eq!(bulk.read(second.word(), 5000), [2; 5000]);
    assert!(space.put(&vec![0; 1 << 20]).is_none());
    space.free(first);
    space.free(second);
    let all = space.put(&vec![3; 1 << 20]).expect("it is one piece again");
    space.free(all);
}
