//! The matrix's rows: what a fault is called, what its caller gets, and what it needs of the harness.

use futures::future::LocalBoxFuture;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::ground::{Ground, On};
use super::outcome::Caused;
use super::{endless, jobs, lives, replies, shared, starts, values};

type Working<'a> = LocalBoxFuture<'a, Result<Caused, JsValue>>;
type Starting = LocalBoxFuture<'static, Result<(Caused, Ground), JsValue>>;

/// What causes a fault.
#[derive(Clone, Copy)]
pub(crate) enum Cause {
    /// To what works.
    Working(for<'a> fn(&'a Ground) -> Working<'a>),
    /// To what starts. Gives what has started afterwards.
    Starting(fn(On) -> Starting),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    /// The fault in words, as the table has it.
    text: &'static str,
    /// The one predicate that is true of the error.
    pub(crate) expects: &'static str,
    /// Of which its text, in lower case, has one: engines have words of their own.
    #[serde(skip)]
    pub(crate) says: &'static [&'static str],
    /// In milliseconds, from the fault to its outcome.
    pub(crate) limit: f64,
    /// The policy of the page.
    csp: Option<&'static str>,
    /// The glue comes from a server that can be stopped.
    stops: bool,
    /// Only an ES module has it: a classic script may come from another origin, and needs trusted types in the worker, too.
    of_modules: bool,
    /// It leaves a loop behind that WebKit cannot end.
    leaves_loop: bool,
    /// Nothing but shared memory has it.
    only_shared: bool,
    /// One pool can suffer it and others in turn.
    #[serde(skip)]
    pub(crate) in_turn: bool,
    #[serde(skip)]
    pub(crate) cause: Cause,
}

/// What settles does so within a second.
const SOON: f64 = 1000.0;
/// Chromium gives a worker that is at work two seconds to end, and it has its lock until then.
const WHEN_ENDED: f64 = 4000.0;

const fn row(
    id: &'static str,
    cause: Cause,
    text: &'static str,
    expects: &'static str,
    says: &'static [&'static str],
) -> Row {
    Row {
        id,
        text,
        expects,
        says,
        limit: SOON,
        csp: None,
        stops: false,
        of_modules: false,
        leaves_loop: false,
        only_shared: false,
        in_turn: matches!(cause, Cause::Working(_)),
        cause,
    }
}

impl Row {
    const fn limit(mut self, limit: f64) -> Row {
        self.limit = limit;
        self
    }

    const fn csp(mut self, csp: &'static str) -> Row {
        self.csp = Some(csp);
        self
    }

    const fn stops(mut self) -> Row {
        self.stops = true;
        self
    }

    const fn of_modules(mut self) -> Row {
        self.of_modules = true;
        self
    }

    const fn only_shared(mut self) -> Row {
        self.only_shared = true;
        self.in_turn = false;
        self
    }

    const fn leaves_loop(mut self) -> Row {
        self.leaves_loop = true;
        self.in_turn = false;
        self
    }
}

macro_rules! working {
    ($module:ident::$name:ident, $($rest:tt)*) => {
        row(
            stringify!($name),
            Cause::Working(|ground| Box::pin($module::$name(ground))),
            $($rest)*
        )
    };
}

macro_rules! starting {
    ($module:ident::$name:ident, $($rest:tt)*) => {
        row(
            stringify!($name),
            Cause::Starting(|on| Box::pin($module::$name(on))),
            $($rest)*
        )
    };
}

/// The page's, where the row asks for one.
const NO_BLOB: &str = "worker-src 'self'";
const OTHERS_TYPES: &str = "require-trusted-types-for 'script'; trusted-types page default";

#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    working!(jobs::a_panic, "a panic", "is_panic", &["out of luck"]),
    working!(jobs::a_panic_before_the_first_await, "a panic in an async job, before its first `await`", "is_panic", &["nothing here"]),
    working!(jobs::a_panic_after_the_first_await, "a panic in an async job, after its first `await`", "is_panic", &["after all"]),
    working!(jobs::a_panic_in_a_drop, "a panic in a `Drop`", "is_panic", &["dropped"]),
    working!(jobs::a_panic_in_a_panics_formatting, "a panic while a panic's message is formatted", "is_trap", &["unreachable"]),
    working!(jobs::unreachable_code, "`unreachable`", "is_trap", &["unreachable"]),
    working!(jobs::memory_out_of_bounds, "memory out of bounds", "is_trap", &["out of bounds"]),
    working!(jobs::a_stack_overflow, "a stack overflow", "is_trap", &["stack", "recursion", "out of bounds"]),
    working!(jobs::a_division_by_zero, "a division by zero in Rust", "is_panic", &["divide by zero"]),
    working!(jobs::a_division_that_traps, "a division by zero that traps", "is_trap", &["by zero"]),
    working!(jobs::an_allocation_that_fails, "an allocation that fails", "is_trap", &["memory had grown"]).limit(20_000.0),
    working!(jobs::memory_that_does_not_grow, "`memory.grow` is refused, and the job goes on", "value", &[]),
    working!(jobs::javascript_that_throws, "JavaScript that throws, called by a job", "is_trap", &["urierror"]),
    working!(jobs::a_promise_that_rejects, "a promise that rejects, where the job unwraps it", "is_panic", &["not kept"]),
    working!(jobs::a_rejection_that_nobody_handles, "a rejection that nobody handles", "value", &[]),
    working!(jobs::an_exception_beside_a_job, "an exception in what an async job has started", "is_lost", &["urierror"]),
    working!(jobs::a_close, "`close()` in a job", "is_lost", &["close()"]),
    working!(endless::abort_at_a_checkpoint, "`abort` of an endless job with checkpoints", "is_cancelled", &[]),
    working!(endless::abort_bare, "`abort` of an endless job without", "is_cancelled", &[]).leaves_loop(),
    working!(endless::timeout_at_a_checkpoint, "`timeout` of an endless job with checkpoints", "is_deadline", &["300ms"]),
    working!(endless::timeout_bare, "`timeout` of an endless job without", "is_deadline", &["300ms"]).leaves_loop(),
    starting!(endless::shutdown_at_a_checkpoint, "`terminate` or `shutdown` under an endless job with checkpoints", "is_cancelled", &[]),
    starting!(endless::shutdown_bare, "`terminate` or `shutdown` under an endless job without", "is_cancelled", &[]).leaves_loop(),
    starting!(endless::drop_at_a_checkpoint, "dropped under an endless job with checkpoints", "is_cancelled", &[]),
    starting!(endless::drop_bare, "dropped under an endless job without", "is_cancelled", &[]).leaves_loop(),
    working!(values::an_argument_that_does_not_encode, "an argument does not encode", "is_encode", &["picky"]),
    working!(values::an_argument_that_does_not_decode, "an argument does not decode", "is_decode", &["picky"]),
    working!(values::a_result_that_does_not_encode, "a result does not encode", "is_encode", &["picky"]),
    working!(values::a_result_that_does_not_decode, "a result does not decode", "is_decode", &["picky"]),
    working!(values::a_result_that_is_not_cloneable, "a result cannot be cloned", "is_encode", &["function"]),
    working!(values::a_detached_buffer, "a buffer was transferred before", "is_encode", &["arraybuffer"]),
    working!(replies::a_strangers_messages, "a stranger's messages, to a worker and from one", "value", &[]),
    working!(replies::a_malformed_reply, "a malformed reply", "is_lost", &["could not be read"]),
    working!(replies::a_duplicated_reply, "a reply that comes twice", "value", &[]),
    working!(replies::a_late_reply, "a reply that comes after its time-out", "is_deadline", &["100ms"]),
    working!(lives::a_worker_that_is_killed_in_a_job, "the worker is ended from outside, in a job", "is_lost", &["without a word"]).limit(WHEN_ENDED),
    working!(lives::a_worker_that_is_killed_while_a_job_waits, "the worker is ended from outside, while a job awaits something", "is_lost", &["without a word"]),
    working!(lives::a_worker_that_is_killed_idle, "the worker is ended from outside, before a job is posted to it", "is_lost", &["without a word"]),
    starting!(lives::no_web_locks, "the worker is ended from outside, while a job awaits something, and there are no Web Locks", "is_lost", &["no sign of life"]).limit(3000.0),
    working!(lives::a_worker_that_cannot_be_replaced, "a dead worker's glue script is gone when it is replaced", "is_lost", &["glue"]),
    working!(lives::a_pool_whose_parent_ends, "a job that has a pool of its own is ended with its worker", "is_lost", &["without a word"]),
    working!(lives::an_owner_that_is_blocked, "the owner is blocked for 3 s, and a time-out of 1 s comes due meanwhile", "value", &[]),
    starting!(lives::a_hidden_page, "a time-out while the page is hidden", "is_deadline", &["300ms"]).limit(3000.0),
    working!(shared::a_panic_in_a_half, "a panic in the half of a `join` that another worker runs", "is_panic", &["half way"]),
    working!(shared::a_trap_in_a_half, "a trap in that half", "is_panic", &["half of a join was lost"]).only_shared(),
    working!(shared::workers_that_are_killed_in_halves, "both workers are ended from outside, each in a half of one `join`", "is_lost", &["without a word"]).limit(WHEN_ENDED).only_shared(),
    working!(shared::more_than_has_room, "more jobs than have room in shared memory, with larger results", "value", &[]).limit(20_000.0),
    working!(shared::a_result_that_has_no_room, "a result that is too large for it", "value", &[]).limit(5000.0),
    starting!(starts::a_panic_in_on_start, "a panic in `on_start`", "start is_on_start", &["not today"]),
    starting!(starts::glue_that_is_gone, "the glue script is gone: 404", "start is_glue", &["glue_url"]),
    starting!(starts::html_for_javascript, "HTML for JavaScript", "start is_glue", &["glue_url"]),
    starting!(starts::a_syntax_error, "a syntax error in the glue script", "start is_glue", &["glue_url"]),
    starting!(starts::a_redirect_to_another_origin, "the glue script is redirected to another origin", "start is_glue", &["glue_url"]).of_modules(),
    starting!(starts::a_module_that_is_gone, "the module is gone: 404", "start is_module", &["404"]),
    starting!(starts::html_for_the_module, "HTML for the module", "start is_module", &["same build"]),
    starting!(starts::another_build, "the module is of another build", "start is_other_build", &["reload the page"]),
    starting!(starts::a_policy_without_blob, "a content security policy without `blob:`", "start is_blocked", &["worker-src blob:"]).csp(NO_BLOB),
    starting!(starts::a_policy_without_wasm, "a policy of the worker's script without `'wasm-unsafe-eval'`", "start is_blocked", &["'wasm-unsafe-eval'"]),
    starting!(starts::trusted_types, "trusted types are required, and ours is not listed", "start is_blocked", &["trusted-types wasm-mt"]).csp(OTHERS_TYPES).of_modules(),
    starting!(starts::a_server_that_is_stopped, "the server is stopped once the page has loaded", "start is_glue", &["glue_url"]).stops(),
    starting!(starts::a_deadline, "the start takes longer than its deadline", "start is_deadline", &["300ms"]),
    starting!(starts::too_many_workers, "600 workers", "start is_limit", &["no more workers"]).limit(30_000.0),
    starting!(starts::no_workers_in_this_scope, "no `Worker` in this scope", "start is_unsupported", &["no workers"]),
];
