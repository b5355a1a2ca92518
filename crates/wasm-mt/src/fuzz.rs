//! What the fuzz targets of the folder `fuzz` call, in builds for a fuzzer only: the laws of [`laws`], with its bytes.

use crate::wire::laws;

/// What a worker reports, and what its jobs send.
pub fn report(input: &[u8]) {
    laws::report(laws::message(input));
    laws::item(laws::message(input));
}

/// A frame of jobs.
pub fn frame(input: &[u8]) {
    laws::frame(laws::message(input));
    laws::joined(laws::message(input));
}

/// What an owner answers.
pub fn answer(input: &[u8]) {
    laws::answer(laws::message(input));
}

/// What arguments and results are decoded from.
pub fn payload(input: &[u8]) {
    laws::payload(laws::message(input));
}
