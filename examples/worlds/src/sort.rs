//! The third program: a merge sort, whose halves are two jobs, and so on.

use std::pin::Pin;

use wasm_mt::{Buffer, job};
use wasm_mt_pool::ThreadPool;

use crate::Error;

/// So many numbers are sorted in place.
const SHORT: usize = 4096;

/// So many random numbers, the same for the same seed, in order: a line for each.
///
/// # Errors
/// When a part cannot be sorted.
pub async fn sort(pool: &ThreadPool, count: u32, seed: u64) -> Result<String, Error> {
    let numbers = Buffer(random(count, seed));
    let sorted = pool.spawn(job!(async |numbers| sorted(numbers).await));
    let Buffer(sorted) = sorted.await?.map_err(Error::Part)?;
    Ok(sorted.iter().map(|number| format!("{number}\n")).collect())
}

/// An async function that calls itself needs a box. The error is a text, as that can travel.
type Sorted = Pin<Box<dyn Future<Output = Result<Buffer<u32>, String>>>>;

fn sorted(numbers: Buffer<u32>) -> Sorted {
    Box::pin(async move {
        let Buffer(mut low) = numbers;
        if low.len() <= SHORT {
            low.sort_unstable();
            return Ok(Buffer(low));
        }
        let pool = ThreadPool::current().ok_or("this is no job of a pool")?;
        let high = Buffer(low.split_off(low.len() / 2));
        let low = Buffer(low);
        let both = pool.join(
            job!(async |low| sorted(low).await),
            job!(async |high| sorted(high).await),
        );
        let (low, high) = both.await.map_err(|error| error.to_string())?;
        Ok(merged(low?, high?))
    })
}

fn merged(Buffer(low): Buffer<u32>, Buffer(high): Buffer<u32>) -> Buffer<u32> {
    let mut merged = Vec::with_capacity(low.len() + high.len());
    let (mut low, mut high) = (low.into_iter().peekable(), high.into_iter().peekable());
    while let (Some(a), Some(b)) = (low.peek(), high.peek()) {
        merged.extend(if a <= b { low.next() } else { high.next() });
    }
    merged.extend(low);
    merged.extend(high);
    Buffer(merged)
}

/// By SplitMix64: <https://doi.org/10.1145/2714064.2660195>.
fn random(count: u32, mut seed: u64) -> Vec<u32> {
    let numbers = (0..count).map(|_| {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 32) as u32
    });
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn sorted_numbers_are_those_that_were_drawn_in_order() {
        block_on(async {
            let pool = ThreadPool::start().await.unwrap();
            for count in [0, 1, 30_001] {
                let lines = sort(&pool, count, 7).await.unwrap();
                let mut numbers = random(count, 7);
                numbers.sort_unstable();
                let sorted: Vec<u32> = lines.lines().map(|line| line.parse().unwrap()).collect();
                assert_eq!(sorted, numbers);
            }
        });
    }

    /// The first that the reference implementation draws for the seed 1234567, by their upper halves:
    /// <https://prng.di.unimi.it/splitmix64.c>.
    #[test]
    fn numbers_are_those_of_splitmix64() {
        let upper =
            [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973].map(|it| (it >> 32) as u32);
        assert_eq!(random(2, 1_234_567), upper);
    }
}
