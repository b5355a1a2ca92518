//! [`View`]: what is seen, as the explorer, the address and the tests name it. Knows no browser and no thread.
//!
//! Invariant: a view that was read, moved or zoomed is sound: its numbers are finite, its picture is neither empty nor larger
//! than [`MOST`], and it is not closer than the numbers of a machine tell points apart.

#[cfg(test)]
mod tests;

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::julia::{self, Picture};
use crate::palette::Palette;

/// The longest side of a picture, in pixels.
pub const MOST: u32 = 4096;

/// Closer than this, neighbours would be the same `f64`.
const CLOSEST: f64 = 1e-14;
/// The shorter side of a picture on the plane: with more of it, the whole set would be a dot.
const WIDEST: f64 = 16.0;
/// How far off the middle may lie, and c.
const REACH: f64 = 8.0;

/// A window on the plane of some Julia set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Pixels in a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// The point in the middle, its real part.
    pub re: f64,
    /// Its imaginary part.
    pub im: f64,
    /// The way from pixel to pixel.
    pub step: f64,
    /// The constant of z² + c, its real part.
    pub c_re: f64,
    /// Its imaginary part.
    pub c_im: f64,
    /// A point that stays for so many steps belongs to the set.
    pub iterations: u32,
    /// The colours.
    pub palette: Palette,
}

/// Why a text is no view.
#[derive(Debug, thiserror::Error)]
pub enum BadView {
    /// It is not JSON, or not JSON of a view.
    #[error("the view does not read: {0}")]
    Json(#[from] serde_json::Error),
    /// One of its numbers.
    #[error("the view's {0} must be {1}")]
    Value(&'static str, &'static str),
}

impl View {
    /// The whole set, in a picture of this size.
    pub fn whole(width: u32, height: u32, c: (f64, f64)) -> View {
        let (width, height) = (width.clamp(1, MOST), height.clamp(1, MOST));
        View {
            width,
            height,
            re: 0.0,
            im: 0.0,
            step: (3.4 / f64::from(width)).max(2.5 / f64::from(height)),
            c_re: c.0,
            c_im: c.1,
            iterations: 900,
            palette: Palette::Night,
        }
        .near()
    }

    /// Reads a view.
    ///
    /// # Errors
    /// Where it is none, or not sound.
    pub fn from_json(json: &str) -> Result<View, BadView> {
        let view: View = serde_json::from_str(json)?;
        view.check()?;
        Ok(view)
    }

    /// The view as it is read.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Fails where it is not sound.
    ///
    /// # Errors
    /// The first value that is not.
    pub fn check(&self) -> Result<(), BadView> {
        let size = 1..=MOST;
        let near = |x: f64| x.is_finite() && x.abs() <= REACH;
        let rules = [
            (size.contains(&self.width), "width", "from 1 to 4096"),
            (size.contains(&self.height), "height", "from 1 to 4096"),
            (near(self.re), "re", "from -8 to 8"),
            (near(self.im), "im", "from -8 to 8"),
            (
                self.step.is_finite() && (CLOSEST..=WIDEST).contains(&self.step),
                "step",
                "from 1e-14 to 16",
            ),
            (near(self.c_re), "c_re", "from -8 to 8"),
            (near(self.c_im), "c_im", "from -8 to 8"),
            (
                (1..=100_000).contains(&self.iterations),
                "iterations",
                "from 1 to 100000",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, name, rule)) => Err(BadView::Value(name, rule)),
            None => Ok(()),
        }
    }

    /// What the renderer needs of it.
    pub fn picture(&self) -> Picture {
        Picture {
            width: self.width,
            height: self.height,
            centre: (self.re, self.im),
            step: self.step,
            c: (self.c_re, self.c_im),
            iterations: self.iterations,
            palette: self.palette.colours(),
        }
    }

    /// The same with a pixel for each square of so many: its upper left corner lies where this one's does.
    pub fn coarse(&self, scale: u32) -> Picture {
        let picture = self.picture();
        let (width, height) = (self.width.div_ceil(scale), self.height.div_ceil(scale));
        let beyond = |coarse: u32, fine: u32| f64::from(coarse * scale - fine) * 0.5 * self.step;
        Picture {
            width,
            height,
            centre: (
                self.re + beyond(width, self.width),
                self.im - beyond(height, self.height),
            ),
            step: self.step * f64::from(scale),
            ..picture
        }
    }

    /// What is seen when the picture is dragged by so many pixels.
    pub fn moved(&self, right: f64, down: f64) -> View {
        View {
            re: self.re - right * self.step,
            im: self.im + down * self.step,
            ..self.clone()
        }
        .near()
    }

    /// So many times as large, about a pixel that stays where it is.
    pub fn zoomed(&self, x: f64, y: f64, times: f64) -> View {
        let step = (self.step / times).clamp(CLOSEST, self.farthest());
        let (right, down) = (
            x - f64::from(self.width) * 0.5,
            y - f64::from(self.height) * 0.5,
        );
        View {
            re: self.re + right * (self.step - step),
            im: self.im - down * (self.step - step),
            step,
            ..self.clone()
        }
        .near()
    }

    /// How many times as large what is seen here is in another view of the same size, and by how many pixels it moves then.
    pub fn way_to(&self, other: &View) -> (f64, (f64, f64)) {
        let times = self.step / other.step;
        let way = |length: u32, by: f64| f64::from(length) * 0.5 * (1.0 - times) + by / other.step;
        let right = way(self.width, self.re - other.re);
        let down = way(self.height, other.im - self.im);
        (times, (right, down))
    }

    /// In a picture of another size, as large as before about the same middle.
    pub fn sized(&self, width: u32, height: u32) -> View {
        let (width, height) = (width.clamp(1, MOST), height.clamp(1, MOST));
        let shorter = |width: u32, height: u32| f64::from(width.min(height));
        let step = self.step * (shorter(self.width, self.height) / shorter(width, height));
        View {
            width,
            height,
            step,
            ..self.clone()
        }
        .near()
    }

    /// The whole set, with this view's c, iterations and colours.
    pub fn reset(&self) -> View {
        View {
            iterations: self.iterations,
            palette: self.palette,
            ..View::whole(self.width, self.height, (self.c_re, self.c_im))
        }
    }

    /// How many times closer than the whole set.
    pub fn magnification(&self) -> f64 {
        self.reset().step / self.step
    }

    /// As an address keeps it. The same width gives the very same view.
    pub fn fragment(&self) -> String {
        format!(
            "re={:?}&im={:?}&step={:?}&width={}&height={}&c_re={:?}&c_im={:?}&iterations={}&palette={}",
            self.re,
            self.im,
            self.step,
            self.width,
            self.height,
            self.c_re,
            self.c_im,
            self.iterations,
            self.palette.name()
        )
    }

    /// What an address keeps, for a picture of this size. `None` where it keeps no sound view.
    pub fn from_fragment(fragment: &str, width: u32, height: u32) -> Option<View> {
        let mut view = View::whole(1, 1, (0.0, 0.0));
        let mut said = 0;
        for part in fragment.trim_start_matches('#').split('&') {
            let (name, value) = part.split_once('=')?;
            match name {
                "re" => view.re = value.parse().ok()?,
                "im" => view.im = value.parse().ok()?,
                "step" => view.step = value.parse().ok()?,
                "width" => view.width = value.parse().ok()?,
                "height" => view.height = value.parse().ok()?,
                "c_re" => view.c_re = value.parse().ok()?,
                "c_im" => view.c_im = value.parse().ok()?,
                "iterations" => view.iterations = value.parse().ok()?,
                "palette" => view.palette = Palette::named(value)?,
                _ => continue,
            }
            said += 1;
        }
        view.check().ok()?;
        let same = (view.width, view.height) == (width, height);
        (said == 9).then(|| {
            if same {
                view
            } else {
                view.sized(width, height)
            }
        })
    }

    /// What is seen, in words.
    pub fn words(&self) -> String {
        let mut words = format!(
            "the Julia set of z² + c, c = {}",
            complex(self.c_re, self.c_im, 4)
        );
        let times = self.magnification();
        if (0.99..1.01).contains(&times) && self.re == 0.0 && self.im == 0.0 {
            words.push_str(", the whole of it");
            return words;
        }
        // As many digits as tell a pixel from the next.
        let digits = (-self.step.log10()).ceil().clamp(2.0, 16.0) as usize;
        let place = complex(self.re, self.im, digits);
        let times = match times {
            times if times < 10.0 => format!("{times:.1}"),
            times if times < 1e6 => format!("{times:.0}"),
            times => format!("{times:.1e}"),
        };
        // Writing to a string does not fail.
        let _ = write!(words, ", {times} times enlarged about {place}");
        words
    }

    fn farthest(&self) -> f64 {
        WIDEST / f64::from(self.width.min(self.height))
    }

    fn near(mut self) -> View {
        self.re = self.re.clamp(-REACH, REACH);
        self.im = self.im.clamp(-REACH, REACH);
        self.step = self.step.clamp(CLOSEST, self.farthest());
        self
    }
}

/// A complex number with a true minus, and no more digits than asked for.
fn complex(re: f64, im: f64, digits: usize) -> String {
    let sign = |negative| if negative { "−" } else { "" };
    let first = sign(re < 0.0);
    let between = if im < 0.0 { "−" } else { "+" };
    let (re, im) = (re.abs(), im.abs());
    format!("{first}{re:.digits$} {between} {im:.digits$}i")
}

/// Width, height and pixels of the view that a JSON text says: RGBA, row by row from the top.
///
/// # Errors
/// Where the text is no view, or the view is not sound.
pub fn render_view(json: &str) -> Result<(u32, u32, Vec<u8>), BadView> {
    let view = View::from_json(json)?;
    Ok((view.width, view.height, julia::render(&view.picture())))
}
