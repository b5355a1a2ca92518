//! Few bytes as text, seven bits a character. To a browser a short string is a value: it is cloned more quickly than an array
//! of bytes, which is two objects and memory of their own, for the garbage collector of either side.
//!
//! Never true: that a character has more bits. Then a string is stored and copied in another form, which takes longer.

/// So many bytes travel as text at the most: of more, the copying costs more than the objects do.
pub(crate) const FEW: usize = 256;

/// The bytes' text.
pub(crate) fn pack(bytes: &[u8]) -> String {
    let (mut text, rest) = regrouped(bytes, 8, 7);
    text.extend(rest);
    // It is ASCII.
    String::from_utf8(text).unwrap_or_default()
}

/// The bytes of a text, and of what is no such text some bytes or other: their reader believes nothing.
pub(crate) fn unpack(text: &str) -> Vec<u8> {
    regrouped(text.as_bytes(), 7, 8).0
}

/// The lowest `from` bits of each byte, in groups of `to` bits; and what is left over, where something is.
fn regrouped(bytes: &[u8], from: u32, to: u32) -> (Vec<u8>, Option<u8>) {
    let mut groups = Vec::with_capacity(bytes.len() + bytes.len() / 7 + 1);
    let (mut rest, mut bits) = (0u32, 0);
    for &byte in bytes {
        rest |= (u32::from(byte) & ((1 << from) - 1)) << bits;
        bits += from;
        while bits >= to {
            groups.push((rest & ((1 << to) - 1)) as u8);
            rest >>= to;
            bits -= to;
        }
    }
    (groups, (bits > 0).then_some(rest as u8))
}
