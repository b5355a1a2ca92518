//! Trampolines: how the numbers that a job is known by become a call again, in an instance of the same module. On wasm only.
//!
//! A trampoline is known by its place in the table. Three things stand between a wrong number and wrong code:
//! 1. `Trampoline` is a signature that nothing else in a program has, so the engine's own check at an indirect call lets
//!    only trampolines through. Anything else traps.
//! 2. A trampoline compares the fingerprint before it touches the payload or the function. It is of the trampoline's types and
//!    of the function's place, so that of two functions of one type none is run in the place of the other.
//! 3. It calls the function by its own `fn(A) -> T`, which the engine checks again.

use std::any::type_name;
use std::cell::Cell;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{OutOfBand, with_context};
use crate::__abi::Kind;
use crate::error::{JoinError, JoinErrorKind};
use crate::payload::{self, Travels};
use crate::worker::Run;

/// A function that calls a job. The floats carry nothing: they make the signature one of a kind.
pub(super) type Trampoline = unsafe extern "C" fn(
    function: usize,
    fingerprint: u64,
    _: f32,
    _: f64,
    call: *mut Call<'_>,
    _: f32,
) -> f64;

/// What a trampoline is given, and what it gives back.
pub(super) struct Call<'a> {
    bytes: &'a [u8],
    values: Vec<Option<OutOfBand>>,
    context: u64,
    run: Option<Run>,
}

impl Call<'_> {
    /// Runs the job with its arguments, where the trampoline's types are the job's.
    fn enter<A: DeserializeOwned>(&mut self, fits: bool, job: impl FnOnce(A) -> Run) {
        let run = if fits {
            payload::decode(self.bytes, std::mem::take(&mut self.values)).map(job)
        } else {
            Err(JoinError::new(JoinErrorKind::OtherBuild))
        };
        self.run = Some(run.unwrap_or_else(|error| Run::Done(Err(error))));
    }
}

/// Calls an `fn(A) -> T`.
///
/// # Safety
/// `call` is valid for reads and writes, and nobody else uses it. Where `fingerprint` is that of `fn(A) -> T` and of
/// `function`, that is the address of one.
pub(super) unsafe extern "C" fn call<A, T>(
    function: usize,
    fingerprint: u64,
    _: f32,
    _: f64,
    call: *mut Call<'_>,
    _: f32,
) -> f64
where
    A: DeserializeOwned,
    T: Serialize,
{
    let fits = fingerprint == self::fingerprint::<fn(A) -> T>(function);
    // SAFETY: the caller gives a valid pointer that is ours alone for the call.
    let call = unsafe { &mut *call };
    call.enter(fits, |args| {
        // SAFETY: the fingerprint is of this type and this number, so the caller gives the address of such a function; a number
        // that is not one traps in the call.
        let function = unsafe { std::mem::transmute::<usize, fn(A) -> T>(function) };
        Run::Done(payload::encode(&function(args), Travels::Back))
    });
    0.0
}

/// Calls an `fn(A) -> F` for a future of `T`.
///
/// # Safety
/// As [`call`], for `(fn(A) -> F, T)`.
pub(super) unsafe extern "C" fn call_async<A, T, F>(
    function: usize,
    fingerprint: u64,
    _: f32,
    _: f64,
    call: *mut Call<'_>,
    _: f32,
) -> f64
where
    A: DeserializeOwned,
    T: Serialize,
    F: Future<Output = T> + 'static,
{
    let fits = fingerprint == self::fingerprint::<(fn(A) -> F, T)>(function);
    // SAFETY: the caller gives a valid pointer that is ours alone for the call.
    let call = unsafe { &mut *call };
    call.enter(fits, |args| {
        // SAFETY: the fingerprint is of this type and this number, so the caller gives the address of such a function; a number
        // that is not one traps in the call.
        let function = unsafe { std::mem::transmute::<usize, fn(A) -> F>(function) };
        let future = function(args);
        Run::Async(Box::pin(async move {
            payload::encode(&future.await, Travels::Back)
        }))
    });
    0.0
}

/// Calls an `fn(&C, I) -> R`, with a context that has come before.
///
/// # Safety
/// As [`call`], for `fn(&C, I) -> R`.
pub(super) unsafe extern "C" fn call_with<C, I, R>(
    function: usize,
    fingerprint: u64,
    _: f32,
    _: f64,
    call: *mut Call<'_>,
    _: f32,
) -> f64
where
    C: DeserializeOwned + 'static,
    I: DeserializeOwned,
    R: Serialize,
{
    let fits = fingerprint == self::fingerprint::<fn(&C, I) -> R>(function);
    // SAFETY: the caller gives a valid pointer that is ours alone for the call.
    let call = unsafe { &mut *call };
    let id = call.context;
    call.enter(fits, |item| {
        // SAFETY: the fingerprint is of this type and this number, so the caller gives the address of such a function; a number
        // that is not one traps in the call.
        let function = unsafe { std::mem::transmute::<usize, fn(&C, I) -> R>(function) };
        let result = with_context(id, |context| function(context, item));
        Run::Done(result.and_then(|result| payload::encode(&result, Travels::Back)))
    });
    0.0
}

/// Of the type's name and a function's place: the same in every instance of a module, never of two places for one type, and
/// hardly ever of two types of different name. The place is hashed in one step, which an odd factor makes one-to-one.
pub(super) fn fingerprint<T>(function: usize) -> u64 {
    (hash_of(type_name::<T>()) ^ function as u64).wrapping_mul(FNV_PRIME)
}

/// A name that stays where it is, and its hash.
type Hashed = Cell<(&'static str, u64)>;

thread_local! {
    /// The hashes of names by where those lie: to make one anew takes as long as an empty job, and each job has two.
    static HASHED: [Hashed; 16] = const { [const { Cell::new(("", FNV_BASIS)) }; 16] };
}

fn hash_of(name: &'static str) -> u64 {
    HASHED.with(|hashed| {
        // Names lie one behind the other, and are seldom shorter than this.
        let place = &hashed[name.as_ptr() as usize / 16 % hashed.len()];
        let (known, hash) = place.get();
        if std::ptr::eq(known, name) {
            return hash;
        }
        let hash = fnv(FNV_BASIS, name.as_bytes());
        place.set((name, hash));
        hash
    })
}

/// The hash of nothing.
pub(super) const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a of these bytes, behind those that `before` is the hash of.
///
/// Source: Fowler, Noll, Vo, "The FNV Non-Cryptographic Hash Algorithm", RFC 9923.
pub(super) fn fnv(before: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(before, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
    })
}

/// Calls the job that these numbers name.
pub(super) fn invoke(
    kind: Kind,
    bytes: &[u8],
    values: Vec<Option<OutOfBand>>,
    context: u64,
) -> Run {
    let mut call = Call {
        bytes,
        values,
        context,
        run: None,
    };
    if kind.trampoline != 0 && kind.function != 0 {
        // SAFETY: a function pointer is not null, and that was asked. It is called right below only, where a number that
        // is not a trampoline's traps.
        let trampoline =
            unsafe { std::mem::transmute::<usize, Trampoline>(kind.trampoline as usize) };
        // SAFETY: `call` is a local, and the function and fingerprint come from one `Task` of the same module.
        unsafe {
            trampoline(
                kind.function as usize,
                kind.fingerprint,
                0.0,
                0.0,
                &raw mut call,
                0.0,
            )
        };
    }
    call.run
        .unwrap_or_else(|| Run::Done(Err(JoinError::new(JoinErrorKind::OtherBuild))))
}
