//! The run in whose middle the page's own thread is blocked, as `block.js` asks for it. Lives with the page.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlCanvasElement;

use crate::benchmark::Plan;
use crate::blocked;
use crate::clock::now;
use crate::page::{Workers, image};
use crate::surface::context;
use crate::view::View;

#[wasm_bindgen]
impl Workers {
    /// Draws a view on a canvas, given as JSON, in tiles of so many pixels; in the middle of it calls `told`, and blocks this thread
    /// for so many milliseconds. Gives the report as JSON.
    ///
    /// # Errors
    ///
    /// That the view does not read, or a job failed.
    pub async fn block(
        &self,
        canvas: HtmlCanvasElement,
        view: String,
        side: u32,
        millis: f64,
        told: Function,
    ) -> Result<String, JsValue> {
        let view = View::from_json(&view).map_err(error)?;
        let plan = Plan {
            picture: view.picture(),
            side,
        };
        canvas.set_width(view.width);
        canvas.set_height(view.height);
        canvas.set_attribute("data-view", &view.to_json())?;
        let context = context(&canvas)?;
        let mut failure = None;
        let seen = || async {
            // What it throws is not ours, and a frame that does not come is not waited for.
            if let Ok(Ok(shown)) = told.call0(&JsValue::NULL).map(JsCast::dyn_into::<Promise>) {
                let _ = JsFuture::from(shown).await;
            }
        };
        let block = || {
            let end = now() + millis;
            while now() < end {}
        };
        let report = blocked::run(self.pool(), &plan, seen, block, |drawn| {
            let at = drawn.tile;
            let put = image(&drawn.rgba, at.width, at.height)
                .and_then(|image| context.put_image_data(&image, at.x.into(), at.y.into()));
            if let Err(error) = put {
                failure.get_or_insert(error);
            }
        });
        let report = report.await.map_err(error)?;
        match failure {
            Some(failure) => Err(failure),
            None => serde_json::to_string(&report).map_err(error),
        }
    }
}

fn error(error: impl std::fmt::Display) -> JsValue {
    JsError::new(&error.to_string()).into()
}
