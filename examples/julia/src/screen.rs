//! [`Screen`]: the explorer's canvas, and the view on it. Lives with the page.
//!
//! 1. Each input makes a generation. What a former one's jobs still give is not drawn: their future was dropped.
//! 2. While the canvas says `done`, it holds the pixels of the view that it names, and no others.
//! 3. What is on the canvas of earlier views is moved or scaled at once, and stays until something sharper comes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::future::{AbortHandle, abortable};
use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use wasm_mt_pool::ThreadPool;
use web_sys::{CanvasRenderingContext2d, CanvasWindingRule, HtmlCanvasElement};

use crate::explorer::{self, COARSE, Drawn, Pace};
use crate::page::{Workers, image};
use crate::tile::Tile;
use crate::view::{Palette, View};

/// A canvas on which a pool draws views.
#[wasm_bindgen]
pub struct Screen {
    inner: Rc<Inner>,
}

struct Inner {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// For what has to lie somewhere before it is drawn.
    aside: (HtmlCanvasElement, CanvasRenderingContext2d),
    pool: ThreadPool,
    /// Called when the state or the view has changed.
    told: Function,
    pace: Pace,
    view: RefCell<View>,
    /// Where somebody looks; the middle where that is not known.
    focus: Cell<Option<(f64, f64)>>,
    generation: Cell<u32>,
    kept: Cell<Kept>,
    work: RefCell<Option<AbortHandle>>,
    held: Cell<bool>,
}

/// What is on the canvas: a rectangle that shows the view, if not as sharp as it might.
#[derive(Clone, Copy, Default)]
struct Kept {
    tile: Option<Tile>,
    /// Its pixels are squares of so many.
    blur: f64,
}

#[wasm_bindgen]
impl Screen {
    /// A screen on a canvas of the right size, which shows what the fragment of an address says, or the set of c.
    #[wasm_bindgen(constructor)]
    pub fn new(
        canvas: HtmlCanvasElement,
        workers: &Workers,
        fragment: &str,
        c_re: f64,
        c_im: f64,
        told: Function,
    ) -> Result<Screen, JsValue> {
        let aside = canvas
            .owner_document()
            .ok_or("the canvas is in no document")?
            .create_element("canvas")?
            .dyn_into::<HtmlCanvasElement>()?;
        let (width, height) = (canvas.width(), canvas.height());
        let view = View::from_fragment(fragment, width, height)
            .unwrap_or_else(|| View::whole(width, height, (c_re, c_im)));
        let inner = Rc::new(Inner {
            context: context(&canvas)?,
            aside: (aside.clone(), context(&aside)?),
            canvas,
            pool: workers.pool().clone(),
            told,
            pace: Pace::default(),
            view: RefCell::new(view.clone()),
            focus: Cell::default(),
            generation: Cell::default(),
            kept: Cell::default(),
            work: RefCell::default(),
            held: Cell::default(),
        });
        Inner::ask(&inner, view, Kept::default());
        Ok(Screen { inner })
    }

    /// The view that is asked for, as JSON.
    #[wasm_bindgen(getter)]
    pub fn view(&self) -> String {
        self.inner.view.borrow().to_json()
    }

    /// The same as an address keeps it.
    #[wasm_bindgen(getter)]
    pub fn fragment(&self) -> String {
        self.inner.view.borrow().fragment()
    }

    /// The same in words.
    #[wasm_bindgen(getter)]
    pub fn words(&self) -> String {
        self.inner.view.borrow().words()
    }

    /// Its c.
    #[wasm_bindgen(getter)]
    pub fn c(&self) -> Vec<f64> {
        let view = self.inner.view.borrow();
        vec![view.c_re, view.c_im]
    }

    /// Its iterations.
    #[wasm_bindgen(getter)]
    pub fn iterations(&self) -> u32 {
        self.inner.view.borrow().iterations
    }

    /// The name of its palette.
    #[wasm_bindgen(getter)]
    pub fn palette(&self) -> String {
        self.inner.view.borrow().palette.name().to_owned()
    }

    /// The view of a square picture of this size, with as many iterations as asked for, or its own where those are 0: as JSON.
    pub fn square(&self, side: u32, iterations: u32) -> String {
        let view = self.inner.view.borrow();
        let mut square = view.sized(side, side);
        if iterations > 0 {
            square.iterations = iterations;
        }
        square.to_json()
    }

    /// Shows what the fragment of an address says. Gives false where that is nothing.
    pub fn open(&self, fragment: &str) -> bool {
        let (width, height) = (self.inner.canvas.width(), self.inner.canvas.height());
        let view = View::from_fragment(fragment, width, height);
        if let Some(view) = &view {
            Inner::ask(&self.inner, view.clone(), Kept::default());
        }
        view.is_some()
    }

    /// Where somebody looks, in pixels of the canvas. What is nearest to it is drawn first.
    pub fn focus(&self, x: f64, y: f64) {
        self.inner.focus.set(Some((x, y)));
    }

    /// Nobody points at anything any more.
    pub fn unfocus(&self) {
        self.inner.focus.set(None);
    }

    /// The picture was dragged by so many pixels.
    pub fn pan(&self, right: f64, down: f64) {
        // By whole ones, or what is on the canvas would blur.
        self.transform(1.0, (right.round(), down.round()), |view| {
            view.moved(right.round(), down.round())
        });
    }

    /// So many times as large, about a pixel of the canvas.
    pub fn zoom(&self, x: f64, y: f64, times: f64) {
        if !(times.is_finite() && times > 0.0) {
            return;
        }
        let before = self.inner.view.borrow().step;
        let after = self.inner.view.borrow().zoomed(x, y, times);
        let times = before / after.step;
        self.transform(times, (x - x * times, y - y * times), |_| after);
    }

    /// The whole set.
    pub fn reset(&self) {
        self.change(|view| *view = view.reset());
    }

    /// Another set, and the whole of it.
    #[wasm_bindgen(js_name = setC)]
    pub fn set_c(&self, re: f64, im: f64, whole: bool) {
        self.change(|view| {
            (view.c_re, view.c_im) = (re, im);
            if whole {
                *view = view.reset();
            }
        });
    }

    /// Other colours.
    #[wasm_bindgen(js_name = setPalette)]
    pub fn set_palette(&self, name: &str) {
        self.change(|view| view.palette = Palette::named(name).unwrap_or(view.palette));
    }

    /// Other iterations.
    #[wasm_bindgen(js_name = setIterations)]
    pub fn set_iterations(&self, iterations: u32) {
        self.change(|view| view.iterations = iterations);
    }

    /// The canvas is to have another size.
    pub fn resize(&self, width: u32, height: u32) {
        let inner = &self.inner;
        let view = inner.view.borrow().sized(width, height);
        // A canvas that is resized is emptied; what was there is laid over it until the new picture comes.
        let copied = inner.put_aside();
        inner.canvas.set_width(view.width);
        inner.canvas.set_height(view.height);
        if copied {
            let (width, height) = (f64::from(view.width), f64::from(view.height));
            let _ = inner
                .context
                .draw_image_with_html_canvas_element_and_dw_and_dh(
                    &inner.aside.0,
                    0.0,
                    0.0,
                    width,
                    height,
                );
        }
        Inner::ask(inner, view, Kept::default());
    }

    /// Stands still until `release`: the workers are wanted elsewhere.
    pub fn hold(&self) {
        self.inner.held.set(true);
        self.inner.stop();
    }

    /// Goes on; what was not finished begins again.
    pub fn release(&self) {
        if self.inner.held.replace(false) && self.inner.state() != "done" {
            let view = self.inner.view.borrow().clone();
            Inner::ask(&self.inner, view, self.inner.kept.get());
        }
    }

    fn change(&self, change: impl FnOnce(&mut View)) {
        if self.inner.held.get() {
            return;
        }
        let mut view = self.inner.view.borrow().clone();
        change(&mut view);
        // Numbers come from fields that anybody can write into.
        if view.check().is_ok() {
            Inner::ask(&self.inner, view, Kept::default());
        }
    }

    fn transform(&self, times: f64, by: (f64, f64), view: impl FnOnce(&View) -> View) {
        let inner = &self.inner;
        if inner.held.get() {
            return;
        }
        let view = view(&inner.view.borrow());
        let kept = inner.keep(times, by);
        Inner::ask(inner, view, kept);
    }
}

impl Inner {
    /// From now on this view is wanted.
    fn ask(this: &Rc<Self>, view: View, kept: Kept) {
        this.stop();
        this.generation.set(this.generation.get().wrapping_add(1));
        this.kept.set(kept);
        *this.view.borrow_mut() = view.clone();
        this.tell("coarse-wanted");
        if this.held.get() {
            return;
        }
        let (work, handle) = abortable(this.clone().draw(view));
        *this.work.borrow_mut() = Some(handle);
        spawn_local(async move {
            // An abort is the next input's.
            let _ = work.await;
        });
    }

    async fn draw(self: Rc<Self>, view: View) {
        let middle = (f64::from(view.width) / 2.0, f64::from(view.height) / 2.0);
        let focus = self.focus.get().unwrap_or(middle);
        // What was magnified more than the coarse picture is, or less sharp, will not do.
        let kept = self.kept.get();
        let kept = kept.tile.filter(|_| kept.blur <= f64::from(COARSE));
        let mut failure = None;
        let drawn = explorer::refine(&self.pool, &view, focus, kept, &self.pace, |drawn| {
            if let Err(error) = self.put(&view, kept, drawn) {
                failure.get_or_insert(error);
            }
        });
        let outcome = drawn.await.map_err(JsValue::from);
        match outcome.and(failure.map_or(Ok(()), Err)) {
            Ok(()) => {
                self.kept.set(Kept {
                    tile: Some(all(&view)),
                    blur: 1.0,
                });
                self.tell("done");
            }
            Err(error) => self.tell_why("failed", &error),
        }
    }

    fn put(&self, view: &View, kept: Option<Tile>, drawn: Drawn<'_>) -> Result<(), JsValue> {
        match drawn {
            Drawn::Fine { tile, rgba } => {
                let image = image(rgba, tile.width, tile.height)?;
                self.context
                    .put_image_data(&image, f64::from(tile.x), f64::from(tile.y))
            }
            Drawn::Rough {
                scale,
                width,
                height,
                rgba,
                whole,
            } => {
                let (canvas, context) = &self.aside;
                canvas.set_width(width);
                canvas.set_height(height);
                context.put_image_data(&image(rgba, width, height)?, 0.0, 0.0)?;
                let (across, down) = (f64::from(width * scale), f64::from(height * scale));
                self.context.save();
                if let Some(kept) = kept {
                    // All but what is kept.
                    self.context.begin_path();
                    self.context.rect(0.0, 0.0, across, down);
                    let (x, y) = (f64::from(kept.x), f64::from(kept.y));
                    self.context
                        .rect(x, y, f64::from(kept.width), f64::from(kept.height));
                    self.context
                        .clip_with_canvas_winding_rule(CanvasWindingRule::Evenodd);
                }
                let put = self
                    .context
                    .draw_image_with_html_canvas_element_and_dw_and_dh(
                        canvas, 0.0, 0.0, across, down,
                    );
                self.context.restore();
                put?;
                let before = kept.map_or(0.0, |_| self.kept.get().blur);
                self.kept.set(Kept {
                    tile: Some(all(view)),
                    blur: before.max(f64::from(scale)),
                });
                if whole && scale == COARSE {
                    self.tell("refining");
                }
                Ok(())
            }
        }
    }

    /// Moves and scales what is on the canvas, and tells what of it shows the view then.
    fn keep(&self, times: f64, (right, down): (f64, f64)) -> Kept {
        let kept = self.kept.get();
        let (Some(tile), true) = (kept.tile, self.put_aside()) else {
            return Kept::default();
        };
        let (width, height) = (self.canvas.width(), self.canvas.height());
        self.context
            .clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        let moved = self
            .context
            .draw_image_with_html_canvas_element_and_dw_and_dh(
                &self.aside.0,
                right,
                down,
                f64::from(width) * times,
                f64::from(height) * times,
            );
        if moved.is_err() {
            return Kept::default();
        }
        // Only whole pixels.
        let inside = |from: u32, length: u32, by: f64, most: u32| {
            let start = (f64::from(from) * times + by)
                .ceil()
                .clamp(0.0, f64::from(most));
            let end = (f64::from(from + length) * times + by).floor();
            let end = end.clamp(start, f64::from(most));
            (start as u32, (end - start) as u32)
        };
        let (x, across) = inside(tile.x, tile.width, right, width);
        let (y, rows) = inside(tile.y, tile.height, down, height);
        let left = Tile {
            x,
            y,
            width: across,
            height: rows,
        };
        Kept {
            tile: (across > 0 && rows > 0).then_some(left),
            blur: (kept.blur * times).max(1.0),
        }
    }

    /// Copies the canvas. False where that fails, as it does where there is nothing on it.
    fn put_aside(&self) -> bool {
        let (canvas, context) = &self.aside;
        canvas.set_width(self.canvas.width());
        canvas.set_height(self.canvas.height());
        context
            .draw_image_with_html_canvas_element(&self.canvas, 0.0, 0.0)
            .is_ok()
    }

    fn stop(&self) {
        if let Some(work) = self.work.take() {
            work.abort();
        }
    }

    fn state(&self) -> String {
        self.canvas.get_attribute("data-state").unwrap_or_default()
    }

    fn tell(&self, state: &str) {
        self.tell_why(state, &JsValue::UNDEFINED);
    }

    fn tell_why(&self, state: &str, why: &JsValue) {
        let generation = self.generation.get().to_string();
        let view = self.view.borrow().to_json();
        for (name, value) in [
            ("data-view", &view[..]),
            ("data-generation", &generation),
            ("data-state", state),
        ] {
            // It fails for names that are none.
            let _ = self.canvas.set_attribute(name, value);
        }
        // What the page shows beside is its own affair.
        let _ = self.told.call2(&JsValue::UNDEFINED, &state.into(), why);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.inner.stop();
    }
}

fn all(view: &View) -> Tile {
    Tile {
        x: 0,
        y: 0,
        width: view.width,
        height: view.height,
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
