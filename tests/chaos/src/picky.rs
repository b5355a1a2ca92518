//! `Picky`: a number that does not travel where it is one of two.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Does not encode as this, and as that does not decode.
pub(crate) const BAD: u32 = u32::MAX - 1;
pub(crate) const STRANGE: u32 = u32::MAX - 2;

pub(crate) struct Picky(pub(crate) u32);

impl Serialize for Picky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == BAD {
            return Err(serde::ser::Error::custom("bad"));
        }
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            STRANGE => Err(serde::de::Error::custom("strange")),
            n => Ok(Picky(n)),
        }
    }
}
