//! [`Palette`]: the colours that a view can have, by the names that people choose among.

use serde::{Deserialize, Serialize};

use crate::julia;

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

    /// As the renderer takes them.
    pub fn colours(self) -> julia::Palette {
        match self {
            Palette::Night => julia::NIGHT,
            Palette::Plum => julia::PLUM,
            Palette::Lagoon => julia::LAGOON,
            Palette::Frost => julia::FROST,
        }
    }
}
