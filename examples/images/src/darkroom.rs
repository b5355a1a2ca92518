//! Has a pool develop pictures: what one job is, and how it is told of. Lives with the pool's owner; the job's own part runs in
//! a worker.

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

/// Where nobody hears how far it is, the picture is wanted all the same.
pub(crate) fn tell(told: &Sender<f32>, part: f32) {
    let _ = told.send(part);
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::{StreamExt, future};

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
