//! Has a pool develop pictures: what one job is, and how it is told of. Lives with the pool's owner; the job's own part runs in
//! a worker.

use futures::{StreamExt, stream};
use wasm_mt::{Buffer, JoinHandle, Receiver, Sender, channel, job};
use wasm_mt_pool::ThreadPool;

use crate::photo::Refused;
use crate::thumbnail::{Thumbnail, thumbnail};

/// A picture on its way through a worker.
#[derive(Debug)]
pub struct Exposure {
    /// How much is done, of 1. It ends with the job.
    pub progress: Receiver<f32>,
    /// What comes of it.
    pub thumbnail: JoinHandle<Result<Thumbnail, Refused>>,
}

/// Has a worker make the thumbnail of a file.
pub fn expose(pool: &ThreadPool, file: Vec<u8>) -> Exposure {
    let (told, progress) = channel();
    let file = Buffer(file);
    let thumbnail = pool.spawn(job!(|file: Buffer<u8>, told: Sender<f32>| {
        thumbnail(&file, |part| tell(&told, part))
    }));
    Exposure {
        progress,
        thumbnail,
    }
}

/// Does `one` for each of so many files, a few more at a time than there are workers: no worker waits until the next file
/// is read, and the files that have to wait are not in memory.
pub async fn few_at_a_time(files: usize, pool: &ThreadPool, one: impl AsyncFn(usize)) {
    stream::iter(0..files)
        .map(|file| one(file))
        .buffer_unordered(pool.workers() + 2)
        .collect::<()>()
        .await;
}

/// Where nobody hears how far it is, the picture is wanted all the same.
pub(crate) fn tell(told: &Sender<f32>, part: f32) {
    let _ = told.send(part);
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::executor::block_on;
    use futures::future;

    use super::*;
    use crate::samples;

    fn pool() -> ThreadPool {
        block_on(ThreadPool::builder().workers(2).build()).unwrap()
    }

    #[test]
    fn a_pool_makes_what_one_thread_makes() {
        let pool = pool();
        let files: Vec<_> = (0..6).map(|n| samples::make(n, 90, 60).unwrap()).collect();
        let exposures = files
            .iter()
            .map(|file| expose(&pool, file.clone()).thumbnail);
        let developed = block_on(future::try_join_all(exposures)).unwrap();
        for (file, developed) in files.iter().zip(developed) {
            let (here, there) = (thumbnail(file, |_| {}).unwrap(), developed.unwrap());
            assert_eq!((there.of, there.rgba), (here.of, here.rgba));
        }
    }

    #[test]
    fn progress_arrives_before_the_thumbnail_and_ends_with_it() {
        let pool = pool();
        let exposure = expose(&pool, samples::make(1, 90, 60).unwrap());
        let told: Vec<f32> = block_on(exposure.progress.map(Result::unwrap).collect());
        assert!(told.is_sorted());
        assert_eq!(told.last(), Some(&1.0));
        assert!(block_on(exposure.thumbnail).unwrap().is_ok());
    }

    #[test]
    fn two_files_more_than_workers_are_on_their_way_and_no_more() {
        let pool = pool();
        let (under_way, most, done) = (Cell::new(0), Cell::new(0), Cell::new(0));
        block_on(few_at_a_time(9, &pool, async |index| {
            under_way.set(under_way.get() + 1);
            most.set(most.get().max(under_way.get()));
            let file = samples::make(index as u32, 30, 20).unwrap();
            expose(&pool, file).thumbnail.await.unwrap().unwrap();
            under_way.set(under_way.get() - 1);
            done.set(done.get() + 1);
        }));
        assert_eq!((most.get(), done.get()), (4, 9));
    }

    #[test]
    fn a_refused_file_hinders_no_other() {
        let pool = pool();
        let refused = [samples::absurd(), samples::damaged(), Vec::new()];
        let refused = refused.map(|file| expose(&pool, file).thumbnail);
        let good = expose(&pool, samples::make(2, 90, 60).unwrap()).thumbnail;
        for outcome in block_on(future::try_join_all(refused)).unwrap() {
            assert!(outcome.is_err());
        }
        assert!(block_on(good).unwrap().is_ok());
    }

    #[test]
    fn an_aborted_picture_is_cancelled_and_the_next_is_made() {
        let pool = pool();
        let first = expose(&pool, samples::make(0, 900, 600).unwrap());
        first.thumbnail.abort_handle().abort();
        assert!(block_on(first.thumbnail).unwrap_err().is_cancelled());
        let next = expose(&pool, samples::make(1, 90, 60).unwrap());
        assert!(block_on(next.thumbnail).unwrap().is_ok());
    }
}
