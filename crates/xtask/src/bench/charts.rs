//! The rows as a drawing, one a browser: how many times as long as the floor each peer takes, on a logarithmic scale, with the
//! floor as a line at 1.
//!
//! A drawing is text that stands by itself: its colours follow the reader's scheme and differ in lightness, peers differ in shape
//! as well as in colour, and what it shows is also said in its description. The same rows give the same bytes.

use std::fmt::Write as _;

use super::group::{FLOOR, Group, OURS, groups};
use super::row::Row;
use super::table;

const WIDTH: f64 = 680.0;
/// Workloads are named left of the plot, which is between these.
const LEFT: f64 = 190.0;
const RIGHT: f64 = 656.0;
/// Of a line of the legend, of a peer's line, and between groups.
const LEGEND: f64 = 24.0;
const LANE: f64 = 13.0;
const GAP: f64 = 14.0;
/// What a letter takes on average, somewhat wide.
const LETTER: f64 = 8.5;
/// So wide may a workload's name be.
const NAME: f64 = 166.0;

/// Shapes in the order of peers, about 0 | 0; ours is the first. Colours stand in the style, as many.
const SHAPES: [&str; 8] = [
    "M-6 0A6 6 0 0 1 6 0A6 6 0 0 1 -6 0z",
    "M-4.5 -4.5H4.5V4.5H-4.5z",
    "M0 -6 6 0 0 6 -6 0z",
    "M-5.5 5 0 -5.5 5.5 5z",
    "M-5.5 -5 0 5.5 5.5 -5z",
    "M-2 -5.5H2V-2H5.5V2H2V5.5H-2V2H-5.5V-2H-2z",
    "M-6 -2.5H6V2.5H-6z",
    "M-2.5 -6H2.5V6H-2.5z",
];

const STYLE: &str = r#"<style>
  svg { --ground: #ffffff; --text: #1f2328; --quiet: #59636e; --line: #d5dbe1; --p0: #0860c5; --p1: #b45309; --p2: #176f31; --p3: #8a3ea8; --p4: #c0262d; --p5: #0b7a75; --p6: #6b6400; --p7: #a8326e; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --text: #f0f6fc; --quiet: #a3acb6; --line: #30373f; --p0: #58a6ff; --p1: #f0a04b; --p2: #4ac26b; --p3: #c58af9; --p4: #ff7b72; --p5: #39c5bb; --p6: #d2c14a; --p7: #f778ba; }
  }
  .ground { fill: var(--ground); }
  text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 14px; fill: var(--text); }
  .quiet { fill: var(--quiet); font-size: 13px; }
  .middle { text-anchor: middle; }
  .end { text-anchor: end; }
  .tick { stroke: var(--line); }
  .floor { stroke: var(--text); stroke-width: 2; }
  .p0 { fill: var(--p0); stroke: var(--p0); } .p1 { fill: var(--p1); stroke: var(--p1); } .p2 { fill: var(--p2); stroke: var(--p2); } .p3 { fill: var(--p3); stroke: var(--p3); }
  .p4 { fill: var(--p4); stroke: var(--p4); } .p5 { fill: var(--p5); stroke: var(--p5); } .p6 { fill: var(--p6); stroke: var(--p6); } .p7 { fill: var(--p7); stroke: var(--p7); }
  .interval { stroke-width: 2; }
  .bar { stroke: none; opacity: 0.35; }
</style>
"#;

/// The drawing of one browser's rows. `None` where there is nothing to draw.
pub(crate) fn draw(browser: &str, rows: &[Row]) -> Option<String> {
    let groups: Vec<Group<'_>> = groups(rows)
        .into_iter()
        .filter(|group| points(group).next().is_some())
        .collect();
    let peers = peers(&groups);
    let scale = Scale::over(groups.iter().flat_map(points))?;
    let (legend, top) = legend(&peers);
    let lanes: usize = groups.iter().map(|group| points(group).count()).sum();
    let bottom = top + GAP / 2.0 + lanes as f64 * LANE + groups.len() as f64 * GAP;
    let height = bottom + 66.0;
    let title =
        format!("How many times as long as the hand-written floor each peer takes in {browser}");
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n{STYLE}\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n{legend}",
        escaped(&title),
        escaped(&described(&groups))
    );
    for tick in scale.ticks() {
        let x = scale.x(tick);
        let (class, floor) = if tick == 1.0 {
            ("floor", "floor")
        } else {
            ("tick", "")
        };
        let _ = writeln!(
            text,
            "<path class=\"{class}\" d=\"M{x:.1} {top}V{bottom}\"/><text class=\"quiet middle\" x=\"{x:.1}\" y=\"{:.1}\">{tick}×</text><text class=\"quiet middle\" x=\"{x:.1}\" y=\"{:.1}\">{floor}</text>",
            bottom + 18.0,
            bottom + 36.0
        );
    }
    let _ = writeln!(
        text,
        "<text class=\"quiet end\" x=\"{RIGHT}\" y=\"{:.1}\">times of the floor: less is better</text>",
        bottom + 54.0
    );
    let mut y = top + GAP;
    for group in &groups {
        let tall = (points(group).count() - 1) as f64 * LANE;
        named(&mut text, group, y + tall / 2.0);
        for point in points(group) {
            draw_point(&mut text, &scale, &peers, &point, y);
            y += LANE;
        }
        y += GAP;
    }
    text.push_str("</svg>\n");
    Some(text)
}

/// A figure that can be drawn: positive ratios.
struct Point<'a> {
    peer: &'a str,
    low: f64,
    ratio: f64,
    high: f64,
}

/// The points of a workload, but for the floor's own; of one without a floor none. An interval has its median's ratio.
fn points<'a>(group: &'a Group<'_>) -> impl Iterator<Item = Point<'a>> {
    let rows = group
        .rows
        .iter()
        .filter(|_| group.base() == FLOOR && !group.is_of_shared_memory());
    rows.filter_map(|row| {
        let (low, median, high) = (row.low?, row.median?, row.high?);
        let ratio = row.ratio_to_floor?;
        // A time of 0 has no place on such a scale.
        let drawn = row.subject.peer != FLOOR && low > 0.0 && ratio > 0.0;
        drawn.then(|| Point {
            peer: &row.subject.peer,
            low: ratio * low / median,
            ratio,
            high: ratio * high / median,
        })
    })
}

/// All peers, ours first.
fn peers<'a>(groups: &'a [Group<'_>]) -> Vec<&'a str> {
    let mut peers = vec![OURS];
    for point in groups.iter().flat_map(points) {
        if !peers.contains(&point.peer) {
            peers.push(point.peer);
        }
    }
    peers
}

/// The legend, and where it ends.
fn legend(peers: &[&str]) -> (String, f64) {
    let mut text = String::new();
    let (mut x, mut y) = (24.0, 26.0);
    for (at, peer) in peers.iter().enumerate() {
        let width = 34.0 + peer.chars().count() as f64 * LETTER;
        if x + width > WIDTH {
            (x, y) = (24.0, y + LEGEND);
        }
        let _ = writeln!(
            text,
            "{}<text x=\"{}\" y=\"{}\">{}</text>",
            mark(at, x, y),
            x + 12.0,
            y + 5.0,
            escaped(peer)
        );
        x += width;
    }
    (text, y + LEGEND)
}

fn mark(peer: usize, x: f64, y: f64) -> String {
    let style = peer % SHAPES.len();
    let shape = SHAPES[style];
    format!("<path class=\"p{style}\" transform=\"translate({x:.1} {y:.1})\" d=\"{shape}\"/>")
}

/// The workload's name, about this height. One that is too long is squeezed.
fn named(text: &mut String, group: &Group<'_>, y: f64) {
    let long = group.workload.chars().count() as f64 * LETTER > NAME;
    let squeezed = if long {
        format!(" textLength=\"{NAME}\" lengthAdjust=\"spacingAndGlyphs\"")
    } else {
        String::new()
    };
    let x = LEFT - 14.0;
    let _ = writeln!(
        text,
        "<text class=\"end\" x=\"{x}\" y=\"{:.1}\"{squeezed}>{}</text><text class=\"quiet end\" x=\"{x}\" y=\"{:.1}\">{}</text>",
        y - 2.0,
        escaped(group.workload),
        y + 15.0,
        group.at()
    );
}

fn draw_point(text: &mut String, scale: &Scale, peers: &[&str], point: &Point<'_>, y: f64) {
    let at = peers.iter().position(|peer| *peer == point.peer);
    let at = at.unwrap_or_default();
    let style = at % SHAPES.len();
    let [low, x, high] = [point.low, point.ratio, point.high].map(|ratio| scale.x(ratio));
    let one = scale.x(1.0);
    let _ = writeln!(
        text,
        "<rect class=\"bar p{style}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"5\"/><path class=\"interval p{style}\" d=\"M{low:.1} {y:.1}H{high:.1}\"/>{}",
        x.min(one),
        y - 2.5,
        (x - one).abs(),
        mark(at, x, y)
    );
}

/// Ratios on the way from [`LEFT`] to [`RIGHT`].
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    /// A scale with 1 on it, and somewhat wider than what is drawn. `None` where nothing is.
    fn over<'a>(points: impl Iterator<Item = Point<'a>>) -> Option<Scale> {
        let mut scale: Option<Scale> = None;
        for point in points {
            let (least, most) = scale.map_or((1.0, 1.0), |scale| (scale.least, scale.most));
            scale = Some(Scale {
                least: least.min(point.low),
                most: most.max(point.high),
            });
        }
        scale.map(|scale| Scale {
            least: scale.least / 1.1,
            most: scale.most * 1.1,
        })
    }

    fn x(&self, ratio: f64) -> f64 {
        let (from, to) = (self.least.ln(), self.most.ln());
        LEFT + (RIGHT - LEFT) * (ratio.ln() - from) / (to - from)
    }

    /// 1, 2 and 5 of each power of ten; where these are many, the powers alone.
    fn ticks(&self) -> Vec<f64> {
        let of = |steps: &[f64]| -> Vec<f64> {
            let powers = (self.least.log10().floor() as i32)..=(self.most.log10() as i32);
            let ticks = powers.flat_map(|power| steps.iter().map(move |step| scaled(*step, power)));
            ticks
                .filter(|tick| (self.least..=self.most).contains(tick))
                .collect()
        };
        let close = of(&[1.0, 2.0, 5.0]);
        if close.len() > 9 { of(&[1.0]) } else { close }
    }
}

/// `step` times a power of ten, so that it reads shortly: what is divided is the nearest float, and what is multiplied by a
/// tenth is not.
fn scaled(step: f64, power: i32) -> f64 {
    if power < 0 {
        step / 10_f64.powi(-power)
    } else {
        step * 10_f64.powi(power)
    }
}

/// What the drawing shows, for who does not see it.
fn described(groups: &[Group<'_>]) -> String {
    let mut text = String::from("Times of the floor, less is better.");
    for group in groups {
        let figures: Vec<String> = points(group)
            .map(|point| format!("{} {}", point.peer, table::figure(point.ratio)))
            .collect();
        let _ = write!(text, " {}: {}.", group.title(), figures.join(", "));
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::group::tests::{row, without};
    use super::*;

    fn rows() -> Vec<Row> {
        vec![
            row("chromium", "a < b", FLOOR, 100.0),
            row("chromium", "a < b", OURS, 103.0),
            row("chromium", "a < b", "workerpool", 800.0),
            row("chromium", "trips", "workerpool", 50.0),
            without("chromium", "trips", "rayon", "it has no build"),
        ]
    }

    #[test]
    fn a_drawing_has_a_mark_for_each_figure_and_its_name_once() {
        let text = draw("Chromium", &rows()).unwrap();
        // Two in the legend, and three figures.
        assert_eq!(text.matches("<path class=\"p").count(), 5);
        assert_eq!(text.matches(">workerpool</text>").count(), 1);
        assert_eq!(text.matches(">rayon<").count(), 0);
        assert_eq!(text.matches("class=\"floor\"").count(), 1);
        assert!(text.contains(">a &lt; b</text>"));
        assert!(text.contains(" a &lt; b, 2 workers: wasm-mt 1.03, workerpool 8.00. trips, 2 workers: workerpool 0.50.</desc>"));
    }

    #[test]
    fn the_same_rows_give_the_same_drawing_and_none_nothing() {
        assert_eq!(draw("Chromium", &rows()), draw("Chromium", &rows()));
        assert_eq!(draw("Chromium", &rows()[4..]), None);
        assert_eq!(draw("Chromium", &rows()[..1]), None, "the floor alone");
    }

    #[test]
    fn everything_lies_on_the_scale() {
        let scale = Scale {
            least: 0.4,
            most: 12.0,
        };
        assert_eq!(scale.x(0.4), LEFT);
        assert_eq!(scale.x(12.0), RIGHT);
        assert_eq!(scale.ticks(), [0.5, 1.0, 2.0, 5.0, 10.0]);
        let wide = Scale {
            least: 0.04,
            most: 900.0,
        };
        assert_eq!(wide.ticks(), [0.1, 1.0, 10.0, 100.0]);
    }

    #[test]
    fn there_is_a_colour_for_each_shape() {
        for style in 0..SHAPES.len() {
            assert_eq!(STYLE.matches(&format!("--p{style}: #")).count(), 2);
            assert_eq!(STYLE.matches(&format!(".p{style} {{")).count(), 1);
        }
    }
}
