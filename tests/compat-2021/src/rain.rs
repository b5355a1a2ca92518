//! The readings, and what there is to find out about them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct Reading {
    pub station: String,
    pub day: u32,
    pub mm: f64,
}

impl Reading {
    /// Those that a file holds. A line without a value is none.
    pub fn all(text: &str) -> Vec<Self> {
        text.lines().skip(1).filter_map(Self::parse).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(',');
        Some(Reading {
            station: fields.next()?.into(),
            day: fields.next()?.parse().ok()?,
            mm: fields.next()?.parse().ok()?,
        })
    }
}

/// How much it rained at each station, on that day or on all.
pub fn sums(readings: &[Reading], day: Option<u32>) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for reading in readings
        .iter()
        .filter(|reading| day.is_none_or(|day| reading.day == day))
    {
        *sums.entry(reading.station.clone()).or_insert(0.0) += reading.mm;
    }
    sums
}
