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
use web_sys::HtmlCanvasElement;

use crate::explorer::{self, COARSE, Drawn, Pace};
use crate::kept::Kept;
use crate::page::Workers;
use crate::palette::Palette;
use crate::surface::Surface;
use crate::tile::Tile;
use crate::view::View;

/// A canvas on which a pool draws views.
#[wasm_bindgen]
pub struct Screen {
    inner: Rc<Inner>,
}

struct Inner {
    surface: Surface,
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
        let (width, height) = (canvas.width(), canvas.height());
        let view = View::from_fragment(fragment, width, height)
            .unwrap_or_else(|| View::whole(width, height, (c_re, c_im)));
        let inner = Rc::new(Inner {
            surface: Surface::new(canvas)?,
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
        let (width, height) = self.inner.surface.size();
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
        self.transform(|view| view.moved(right.round(), down.round()));
    }

    /// So many times as large, about a pixel of the canvas.
    pub fn zoom(&self, x: f64, y: f64, times: f64) {
        if !(times.is_finite() && times > 0.0) {
            return;
        }
        self.transform(|view| view.zoomed(x, y, times));
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
        inner.surface.resize(view.width, view.height);
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

    fn transform(&self, change: impl FnOnce(&View) -> View) {
        let inner = &self.inner;
        if inner.held.get() {
            return;
        }
        let before = inner.view.borrow().clone();
        let view = change(&before);
        // Not what was asked for: at the edge of the plane a view goes less far.
        let (times, mut by) = before.way_to(&view);
        if times == 1.0 {
            // Where it was dragged: by whole pixels, but for what the numbers of a machine round.
            by = (by.0.round(), by.1.round());
        }
        let kept = if inner.surface.transform(times, by) {
            let (width, height) = inner.surface.size();
            inner.kept.get().transformed(times, by, width, height)
        } else {
            Kept::default()
        };
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
        let kept = self.kept.get().as_sharp_as(COARSE);
        let mut failure = None;
        let drawn = explorer::refine(&self.pool, &view, focus, kept, &self.pace, |drawn| {
            if let Err(error) = self.put(&view, kept, drawn) {
                failure.get_or_insert(error);
            }
        });
        let outcome = drawn.await.map_err(JsValue::from);
        match outcome.and(failure.map_or(Ok(()), Err)) {
            Ok(()) => {
                self.kept.set(Kept::all(&view, 1.0));
                self.tell("done");
            }
            Err(error) => self.tell_why("failed", &error),
        }
    }

    fn put(&self, view: &View, kept: Option<Tile>, drawn: Drawn<'_>) -> Result<(), JsValue> {
        match drawn {
            Drawn::Fine { tile, rgba } => self.surface.put(&tile, rgba),
            Drawn::Rough {
                scale,
                width,
                height,
                rgba,
                whole,
            } => {
                self.surface.put_rough(scale, (width, height), rgba, kept)?;
                let before = kept.map_or(0.0, |_| self.kept.get().blur);
                self.kept.set(Kept::all(view, before.max(f64::from(scale))));
                if whole && scale == COARSE {
                    self.tell("refining");
                }
                Ok(())
            }
        }
    }

    fn stop(&self) {
        if let Some(work) = self.work.take() {
            work.abort();
        }
    }

    fn state(&self) -> String {
        self.surface
            .canvas()
            .get_attribute("data-state")
            .unwrap_or_default()
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
            let _ = self.surface.canvas().set_attribute(name, value);
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
