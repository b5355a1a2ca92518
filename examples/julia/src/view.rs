//! [`View`]: what is seen, as the explorer, the address and the tests name it. Knows no browser and no thread.
//!
//! Invariant: a view that was read, moved or zoomed is sound: its numbers are finite, its picture is neither empty nor larger
//! than [`MOST`], and it is not closer than the numbers of a machine tell points apart.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::julia::{self, Picture};

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

/// The colours of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Palette {
    /// Dark blue and fire.
    Night,
    /// Violet, sand and teal.
    Plum,
    /// Deep green and gold.
    Lagoon,
    /// Indigo, ice and rose.
    Frost,
}

impl Palette {
    const ALL: [(Palette, &str); 4] = [
        (Palette::Night, "night"),
        (Palette::Plum, "plum"),
        (Palette::Lagoon, "lagoon"),
        (Palette::Frost, "frost"),
    ];

    /// The palette of a name.
    pub fn named(name: &str) -> Option<Palette> {
        let mut all = Palette::ALL.into_iter();
        all.find(|(_, its)| *its == name)
            .map(|(palette, _)| palette)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Palette::ALL[self as usize].1
    }

    fn colours(self) -> julia::Palette {
        match self {
            Palette::Night => julia::NIGHT,
            Palette::Plum => julia::PLUM,
            Palette::Lagoon => julia::LAGOON,
            Palette::Frost => julia::FROST,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"width":20,"height":10,"re":0.1,"im":-0.2,"step":0.013,"c_re":-0.8,"c_im":0.156,"iterations":200,"palette":"plum"}"#;

    #[test]
    fn a_view_reads_as_it_is_written() {
        let view = View::from_json(JSON).unwrap();
        assert_eq!(view.palette, Palette::Plum);
        let odd = View {
            re: 0.1 + 0.2,
            step: 1.0 / 3.0e9,
            ..view
        };
        assert_eq!(View::from_json(&odd.to_json()).unwrap(), odd);
        assert_eq!(
            View::from_fragment(&format!("#{}", odd.fragment()), 20, 10),
            Some(odd)
        );
    }

    #[test]
    fn bad_views_are_refused() {
        let bad = [
            ("20", "0"),
            ("20", "4097"),
            ("20", "-1"),
            ("0.013", "0"),
            ("0.013", "1e-300"),
            ("0.013", "-0.1"),
            ("0.1", "NaN"),
            ("0.1", "null"),
            ("0.1", "1e999"),
            ("-0.2", "9"),
            ("-0.8", "\"x\""),
            ("200", "0"),
            ("200", "1000000000"),
            ("\"plum\"", "\"mud\""),
            ("\"width\"", "\"wide\""),
        ];
        for (value, instead) in bad {
            let json = JSON.replacen(value, instead, 1);
            assert!(render_view(&json).is_err(), "{json}");
        }
        assert!(render_view("").is_err());
        let nan = View {
            im: f64::NAN,
            ..View::from_json(JSON).unwrap()
        };
        assert!(nan.check().is_err());
    }

    #[test]
    fn a_view_renders_as_the_renderer_does() {
        let (width, height, rgba) = render_view(JSON).unwrap();
        assert_eq!((width, height, rgba.len()), (20, 10, 20 * 10 * 4));
        let view = View::from_json(JSON).unwrap();
        assert_eq!(rgba, julia::render(&view.picture()));
    }

    #[test]
    fn the_zoomed_pixel_stays_where_it_is() {
        let view = View::whole(400, 300, (-0.8, 0.156)).moved(13.0, -40.0);
        let at = |view: &View| {
            (
                view.re + (90.0 - 200.0) * view.step,
                view.im - (20.0 - 150.0) * view.step,
            )
        };
        let (before, after) = (at(&view), at(&view.zoomed(90.0, 20.0, 7.0)));
        assert!((before.0 - after.0).abs() < 1e-12 && (before.1 - after.1).abs() < 1e-12);
    }

    #[test]
    fn no_way_leads_to_a_view_that_is_not_sound() {
        let mut view = View::whole(1200, 10, (-0.8, 0.156));
        for times in [1e-30, 1e30, 0.5] {
            for _ in 0..50 {
                view = view.zoomed(3.0, 4.0, times).moved(1e9, -1e9);
                view.check().unwrap();
                view.sized(0, 9999).check().unwrap();
            }
        }
    }

    #[test]
    fn a_coarse_picture_begins_in_the_same_corner() {
        let view = View::whole(100, 61, (0.3, 0.5)).moved(3.0, 5.0);
        let coarse = view.coarse(8);
        assert_eq!((coarse.width, coarse.height), (13, 8));
        let left = view.re - 50.0 * view.step;
        let top = view.im + 30.5 * view.step;
        assert!((coarse.centre.0 - 6.5 * coarse.step - left).abs() < 1e-12);
        assert!((coarse.centre.1 + 4.0 * coarse.step - top).abs() < 1e-12);
    }

    #[test]
    fn an_address_that_keeps_no_view_gives_none() {
        let good = View::from_json(JSON).unwrap().fragment();
        assert!(View::from_fragment(&good, 640, 480).is_some());
        for bad in ["", "#", "#about", "#re=1", &good.replace("plum", "mud")] {
            assert_eq!(View::from_fragment(bad, 640, 480), None, "{bad}");
        }
    }

    #[test]
    fn words_say_what_is_seen_and_how_close() {
        let view = View::whole(400, 300, (-0.8, 0.156));
        assert_eq!(
            view.words(),
            "the Julia set of z² + c, c = −0.8000 + 0.1560i, the whole of it"
        );
        let close = view.zoomed(0.0, 0.0, 1000.0).words();
        assert!(close.contains("1000 times enlarged about −1.6"), "{close}");
    }
}
