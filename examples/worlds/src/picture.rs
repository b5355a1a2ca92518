//! The first program: a picture of a Julia set, a job for each row.

use wasm_mt::{Buffer, JoinError};
use wasm_mt_pool::ThreadPool;

use crate::julia::{Picture, pictures, render_rows};

/// The whole set in so many pixels, as a PPM file: <https://netpbm.sourceforge.net/doc/ppm.html>.
///
/// # Errors
/// When a row cannot be had.
pub async fn picture(pool: &ThreadPool, width: u32, height: u32) -> Result<Vec<u8>, JoinError> {
    let [whole, ..] = pictures();
    let picture = Picture {
        width,
        height,
        step: 2.7 / f64::from(width.min(height)),
        ..whole
    };
    // Each worker gets the picture once, and then numbers of rows.
    let rows = pool.map_with(picture, 0..height, row).await?;

    let mut file = format!("P6\n{width} {height}\n255\n").into_bytes();
    for Buffer(rgba) in rows {
        for pixel in rgba.chunks_exact(4) {
            file.extend_from_slice(&pixel[..3]);
        }
    }
    Ok(file)
}

fn row(picture: &Picture, y: u32) -> Buffer<u8> {
    Buffer(render_rows(picture, y..y + 1))
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn file_is_a_header_and_three_bytes_a_pixel() {
        block_on(async {
            let pool = ThreadPool::start().await.unwrap();
            let file = picture(&pool, 9, 5).await.unwrap();
            let pixels = file.strip_prefix(b"P6\n9 5\n255\n").unwrap();
            assert_eq!(pixels.len(), 9 * 5 * 3);
            // z and -z have the same square.
            let turned: Vec<u8> = pixels.chunks(3).rev().flatten().copied().collect();
            assert_eq!(turned, pixels);
        });
    }
}
