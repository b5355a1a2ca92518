//! The two ways to render some pictures. `serial` does it where it is called, on the page's own thread; `parallel`
//! has it done by threads, and the page's own thread only hands out and takes in: jobs, `by_job`, or closures in the form of
//! 0.1, as in `classic`.
//!
//! A serial part is a whole picture, and a parallel one a band of 50 rows. Four whole pictures would be four jobs,
//! and the rows of the set itself cost far more than those of the sky around it: threads would wait for the one
//! that drew the longest. With 64 bands, each handed to the next free thread, none waits for more than the last
//! band, some 10 ms; and as the way to a worker and back takes less than 0.1 ms, smaller ones would gain nothing.
//!
//! Both give the parts to a closure as they are ready. Its error ends the run.

use std::cell::RefCell;
use std::ops::Range;

use futures::future;
use serde_bytes::ByteBuf;
use wasm_mt::{JoinError, Thread, job};
use web_time::Instant;

use crate::julia::{self, Picture};

/// Rows of a band.
const BAND: u32 = 50;

/// Pixels as [`julia::render_rows`] gives them, and how many milliseconds that took.
pub type Timed = (Vec<u8>, f64);

/// Some rows of a picture, rendered.
#[derive(Debug)]
pub struct Part {
    /// Which of the pictures.
    pub picture: usize,
    /// Which of its rows.
    pub rows: Range<u32>,
    /// The pixels, as [`julia::render_rows`] gives them.
    pub rgba: Vec<u8>,
    /// Which of the threads rendered it; `None` if none did, but the page itself.
    pub thread: Option<usize>,
    /// How long that took, there where it was done.
    pub millis: f64,
}

/// Renders one picture after the other. After each it awaits `pause`, lest the page stand still to the end.
pub async fn serial<E>(
    pictures: &[Picture],
    pause: impl AsyncFn() -> Result<(), E>,
    done: impl Fn(Part) -> Result<(), E>,
) -> Result<(), E> {
    for (index, picture) in pictures.iter().enumerate() {
        let rows = 0..picture.height;
        let (rgba, millis) = timed(picture, rows.clone());
        done(Part {
            picture: index,
            rows,
            rgba,
            thread: None,
            millis,
        })?;
        pause().await?;
    }
    Ok(())
}

/// Renders all pictures on `threads`: each takes the next band as soon as it is free, and renders it by `render`.
pub async fn parallel<R, E: From<R>>(
    pictures: &[Picture],
    threads: &[Thread],
    render: impl AsyncFn(&Thread, Picture, Range<u32>) -> Result<Timed, R>,
    done: impl Fn(Part) -> Result<(), E>,
) -> Result<(), E> {
    let bands = RefCell::new(bands(pictures));
    let next = || bands.borrow_mut().next();
    let work = async |(index, thread): (usize, &Thread)| -> Result<(), E> {
        while let Some((picture, rows)) = next() {
            let (rgba, millis) = render(thread, pictures[picture].clone(), rows.clone()).await?;
            done(Part {
                picture,
                rows,
                rgba,
                thread: Some(index),
                millis,
            })?;
        }
        Ok(())
    };
    future::try_join_all(threads.iter().enumerate().map(work)).await?;
    Ok(())
}

/// Renders some rows in a thread.
pub async fn by_job(
    thread: &Thread,
    picture: Picture,
    rows: Range<u32>,
) -> Result<Timed, JoinError> {
    let job = job!(|picture, rows| {
        let (rgba, millis) = timed(&picture, rows);
        // As bytes: serde takes a plain `Vec<u8>` apart.
        (ByteBuf::from(rgba), millis)
    });
    let (rgba, millis) = thread.spawn(job).await?;
    Ok((rgba.into_vec(), millis))
}

/// The bands of all pictures, each with its picture's number.
fn bands(pictures: &[Picture]) -> impl Iterator<Item = (usize, Range<u32>)> {
    pictures.iter().enumerate().flat_map(|(index, picture)| {
        let height = picture.height;
        let starts = (0..height).step_by(BAND as usize);
        starts.map(move |start| (index, start..height.min(start + BAND)))
    })
}

pub(crate) fn timed(picture: &Picture, rows: Range<u32>) -> Timed {
    let start = Instant::now();
    let rgba = julia::render_rows(picture, rows);
    (rgba, start.elapsed().as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures::executor::block_on;

    use super::*;

    /// Two pictures, neither of which is a whole number of bands high.
    fn pictures() -> [Picture; 2] {
        let [a, b, ..] = julia::pictures();
        [
            Picture {
                width: 40,
                height: 130,
                ..a
            },
            Picture {
                width: 30,
                height: 20,
                ..b
            },
        ]
    }

    /// Puts parts where they belong, whatever the order they come in.
    fn assemble(pictures: &[Picture], parts: RefCell<Vec<Part>>) -> Vec<Vec<u8>> {
        let mut parts = parts.into_inner();
        parts.sort_by_key(|part| (part.picture, part.rows.start));
        let of = |index| parts.iter().filter(move |part| part.picture == index);
        let whole = |index| of(index).flat_map(|part| part.rgba.clone()).collect();
        (0..pictures.len()).map(whole).collect()
    }

    fn keep(parts: &RefCell<Vec<Part>>) -> impl Fn(Part) -> Result<(), JoinError> {
        |part| {
            parts.borrow_mut().push(part);
            Ok(())
        }
    }

    #[test]
    fn serial_gives_the_pictures_in_order() {
        let pictures = pictures();
        let parts = RefCell::default();
        block_on(serial(&pictures, async || Ok(()), keep(&parts))).unwrap();
        assert!(parts.borrow().iter().map(|part| part.picture).eq([0, 1]));
        assert_eq!(
            assemble(&pictures, parts),
            pictures.each_ref().map(julia::render)
        );
    }

    #[test]
    fn parallel_gives_the_same_pictures_from_several_threads() {
        let pictures = pictures();
        let parts = RefCell::default();
        block_on(async {
            let threads = future::try_join_all((0..2).map(|_| Thread::start()))
                .await
                .unwrap();
            parallel(&pictures, &threads, by_job, keep(&parts))
                .await
                .unwrap();
        });
        let threads: BTreeSet<_> = parts.borrow().iter().map(|part| part.thread).collect();
        assert_eq!(threads, [Some(0), Some(1)].into());
        assert_eq!(
            assemble(&pictures, parts),
            pictures.each_ref().map(julia::render)
        );
    }

    #[test]
    fn bands_cover_each_row_once() {
        let all: Vec<_> = bands(&pictures()).collect();
        assert_eq!(all, [(0, 0..50), (0, 50..100), (0, 100..130), (1, 0..20)]);
    }
}
