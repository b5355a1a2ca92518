//! [`Surface`]: the explorer's canvas, with what is put on it. Lives with the page; knows no view.

use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, CanvasWindingRule, HtmlCanvasElement};

use crate::page::image;
use crate::tile::Tile;

/// A canvas, and another one for what has to lie somewhere before it is drawn.
pub(crate) struct Surface {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    aside: HtmlCanvasElement,
    aside_context: CanvasRenderingContext2d,
}

impl Surface {
    pub(crate) fn new(canvas: HtmlCanvasElement) -> Result<Surface, JsValue> {
        let document = canvas.owner_document();
        let document = document.ok_or("the canvas is in no document")?;
        let aside: HtmlCanvasElement = document.create_element("canvas")?.dyn_into()?;
        Ok(Surface {
            context: context(&canvas)?,
            aside_context: context(&aside)?,
            canvas,
            aside,
        })
    }

    pub(crate) fn canvas(&self) -> &HtmlCanvasElement {
        &self.canvas
    }

    pub(crate) fn size(&self) -> (u32, u32) {
        (self.canvas.width(), self.canvas.height())
    }

    /// Puts pixels where they belong.
    pub(crate) fn put(&self, tile: &Tile, rgba: &[u8]) -> Result<(), JsValue> {
        let image = image(rgba, tile.width, tile.height)?;
        self.context
            .put_image_data(&image, f64::from(tile.x), f64::from(tile.y))
    }

    /// Puts a picture there whose pixels are squares of so many, but for a part that is kept.
    pub(crate) fn put_rough(
        &self,
        scale: u32,
        (width, height): (u32, u32),
        rgba: &[u8],
        kept: Option<Tile>,
    ) -> Result<(), JsValue> {
        self.aside.set_width(width);
        self.aside.set_height(height);
        self.aside_context
            .put_image_data(&image(rgba, width, height)?, 0.0, 0.0)?;
        let (across, down) = (f64::from(width * scale), f64::from(height * scale));
        self.context.save();
        if let Some(kept) = kept {
            let (x, y) = (f64::from(kept.x), f64::from(kept.y));
            let (width, height) = (f64::from(kept.width), f64::from(kept.height));
            self.context.begin_path();
            self.context.rect(0.0, 0.0, across, down);
            // What lies in both is outside, by the rule of even and odd.
            self.context.rect(x, y, width, height);
            self.context
                .clip_with_canvas_winding_rule(CanvasWindingRule::Evenodd);
        }
        let put = self.draw_aside(0.0, 0.0, across, down);
        self.context.restore();
        put
    }

    /// Makes what is there so many times as large, and moves it then. Where that fails, nothing is there.
    pub(crate) fn transform(&self, times: f64, (right, down): (f64, f64)) -> bool {
        let (width, height) = self.size();
        let (width, height) = (f64::from(width), f64::from(height));
        let copied = self.copy_aside().is_ok();
        self.context.clear_rect(0.0, 0.0, width, height);
        copied
            && self
                .draw_aside(right, down, width * times, height * times)
                .is_ok()
    }

    /// Gives the canvas another size. That empties it; what was there is stretched over it, until the new picture comes.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let copied = self.copy_aside().is_ok();
        self.canvas.set_width(width);
        self.canvas.set_height(height);
        if copied {
            // It would only bridge the time.
            let _ = self.draw_aside(0.0, 0.0, f64::from(width), f64::from(height));
        }
    }

    fn copy_aside(&self) -> Result<(), JsValue> {
        self.aside.set_width(self.canvas.width());
        self.aside.set_height(self.canvas.height());
        self.aside_context
            .draw_image_with_html_canvas_element(&self.canvas, 0.0, 0.0)
    }

    fn draw_aside(&self, x: f64, y: f64, width: f64, height: f64) -> Result<(), JsValue> {
        self.context
            .draw_image_with_html_canvas_element_and_dw_and_dh(&self.aside, x, y, width, height)
    }
}

/// Kept by the CPU: pixels are put here one by one, and what is read must be what was put.
pub(crate) fn context(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d, JsValue> {
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"willReadFrequently".into(), &true.into())?;
    let context = canvas.get_context_with_context_options("2d", &options)?;
    let context = context.ok_or("the browser gives no canvas to draw on")?;
    Ok(context.dyn_into()?)
}
