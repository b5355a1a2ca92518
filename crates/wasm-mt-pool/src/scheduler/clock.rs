//! How coarsely the platform's clock ticks, found out from the times that it gave. A page that is not isolated has ticks
//! of 100 µs (Chromium) or 1 ms (WebKit), an isolated one of 5 to 20 µs.
//!
//! Invariant 1: the tick is never more than [`COARSEST`]: two looks at the clock may lie a minute apart, which says
//! nothing about the tick.

/// What is assumed until the clock has shown better, in µs.
const COARSEST: f64 = 1000.0;

/// Below this, in µs, a difference is what floating point made of two equal times.
const FINEST: f64 = 1.0;

/// The clock of the owner and its workers, which tick alike since they are of one page.
pub(crate) struct Clock {
    tick: f64,
    last: f64,
}

impl Clock {
    pub(crate) fn new() -> Clock {
        Clock {
            tick: COARSEST,
            last: f64::NAN,
        }
    }

    /// The owner looked at the clock.
    pub(crate) fn saw(&mut self, now: f64) {
        self.saw_span(now - self.last);
        self.last = now;
    }

    /// A worker measured this long by its own clock.
    pub(crate) fn saw_span(&mut self, span: f64) {
        // Not true of NaN either, which the first look leads to.
        if span > 0.1 {
            self.tick = self.tick.min(span.max(FINEST));
        }
    }

    pub(crate) fn tick(&self) -> f64 {
        self.tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tick_is_the_least_difference_that_was_seen() {
        let mut clock = Clock::new();
        assert_eq!(clock.tick(), COARSEST);
        for now in [500.0, 500.0, 90_000.0, 90_100.0, 90_100.0, 90_400.0] {
            clock.saw(now);
        }
        assert_eq!(clock.tick(), 100.0);
        clock.saw_span(5.000_000_1);
        clock.saw_span(f64::NAN);
        clock.saw_span(-3.0);
        assert!((clock.tick() - 5.0).abs() < 0.001);
    }
}
