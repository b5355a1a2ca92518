//! Puts thumbnails on canvases: in a worker on one that was handed over, else as pixels for the page to put.

use js_sys::Uint8ClampedArray;
use wasm_bindgen::prelude::*;
use wasm_mt::{Buffer, Sender};
use web_sys::{ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use crate::darkroom::tell;
use crate::photo::Refused;
use crate::thumbnail::{self, Thumbnail};

/// Makes a thumbnail, and draws it. Its pixels stay here.
pub(crate) fn thumbnail_on(
    canvas: &OffscreenCanvas,
    file: &[u8],
    told: &Sender<f32>,
) -> Result<Thumbnail, Refused> {
    let mut thumbnail = thumbnail::thumbnail(file, |part| tell(told, part))?;
    draw(&thumbnail, canvas).map_err(|error| Refused::NotDrawn(text(&error)))?;
    thumbnail.rgba = Buffer::default();
    Ok(thumbnail)
}

fn draw(thumbnail: &Thumbnail, canvas: &OffscreenCanvas) -> Result<(), JsValue> {
    canvas.set_width(thumbnail.width);
    canvas.set_height(thumbnail.height);
    let context = canvas.get_context("2d")?.ok_or("it has no 2d context")?;
    let context: OffscreenCanvasRenderingContext2d = context.dyn_into()?;
    context.put_image_data(&image(thumbnail)?, 0.0, 0.0)
}

/// The pixels as a canvas takes them.
pub(crate) fn image(thumbnail: &Thumbnail) -> Result<ImageData, JsValue> {
    // A copy: an ImageData made of `Clamped(&rgba)` would go on looking at this memory when it is long freed.
    let pixels = Uint8ClampedArray::from(&thumbnail.rgba[..]);
    ImageData::new_with_js_u8_clamped_array_and_sh(&pixels, thumbnail.width, thumbnail.height)
}

/// What JavaScript threw, in words.
pub(crate) fn text(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}
