//! Few bytes as text, seven bits a character. To a browser a short string is a value: it is cloned more quickly than an array
//! of bytes, which is two objects and memory of their own, for the garbage collector of either side.
//!
//! Never true: that a character has more bits. Then a string is stored and copied in another form, which takes longer.

/// So many bytes travel as text at the most: of more, the copying costs more than the objects do.
pub(crate) const FEW: usize = 256;

/// The bytes' text.
pub(crate) fn pack(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 7 + 1);
    let (mut rest, mut bits) = (0u32, 0);
    for &byte in bytes {
        rest |= u32::from(byte) << bits;
        bits += 8;
        while bits >= 7 {
            text.push(char::from(rest as u8 & 0x7f));
            rest >>= 7;
            bits -= 7;
        }
    }
    if bits > 0 {
        text.push(char::from(rest as u8));
    }
    text
}

/// The bytes of a text, and of what is no such text some bytes or other: their reader believes nothing.
pub(crate) fn unpack(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 7 / 8);
    let (mut rest, mut bits) = (0u32, 0);
    for byte in text.bytes() {
        rest |= u32::from(byte & 0x7f) << bits;
        bits += 7;
        if bits >= 8 {
            bytes.push(rest as u8);
            rest >>= 8;
            bits -= 8;
        }
    }
    bytes
}
