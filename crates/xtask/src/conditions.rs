//! The table of the second harness: each case of `tests/pages/src/cases.rs`, and the conditions that it runs under.

use crate::pages::Glue;

/// A case and the conditions that it runs under, once with each kind of glue.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The conditions in words, where a case stands here more than once.
    pub(crate) under: &'static str,
    pub(crate) glue: &'static [Glue],
    /// What the case reads with `harness::query`.
    pub(crate) query: &'static [(&'static str, &'static str)],
    pub(crate) csp: Option<&'static str>,
    pub(crate) isolated: bool,
    pub(crate) elsewhere: Elsewhere,
    /// The module fails so, from this request on.
    pub(crate) module: Option<(&'static str, u32)>,
}

/// Whether the glue comes from another origin than the page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    No,
    /// Glue and module, readable by CORS.
    WithCors,
    /// The glue alone, as only a classic script may be; the module comes from the page's origin.
    WithoutCors,
}

const PLAIN: Case = Case {
    name: "",
    under: "",
    glue: &[Glue::Web, Glue::NoModules],
    query: &[],
    csp: None,
    isolated: false,
    elsewhere: Elsewhere::No,
    module: None,
};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a_thread_answers",
        ..PLAIN
    },
    Case {
        name: "a_thread_answers",
        under: "cross-origin isolated",
        isolated: true,
        ..PLAIN
    },
    Case {
        name: "a_thread_answers",
        under: "a policy that allows blob workers",
        csp: Some("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:"),
        ..PLAIN
    },
    Case {
        name: "a_thread_answers",
        under: "glue of another origin",
        elsewhere: Elsewhere::WithCors,
        ..PLAIN
    },
    Case {
        name: "a_thread_answers",
        under: "glue of another origin without CORS",
        glue: &[Glue::NoModules],
        elsewhere: Elsewhere::WithoutCors,
        ..PLAIN
    },
    Case {
        name: "a_thread_answers",
        under: "a module that is gone once the page has it",
        module: Some(("status:404", 2)),
        ..PLAIN
    },
    Case {
        name: "four_threads_fetch_the_module_once",
        ..PLAIN
    },
    Case {
        name: "glue_that_is_gone_is_a_start_error",
        under: "404",
        query: &[("what", "status:404")],
        ..PLAIN
    },
    Case {
        name: "glue_that_is_gone_is_a_start_error",
        under: "HTML instead",
        query: &[("what", "html")],
        ..PLAIN
    },
    Case {
        name: "glue_that_is_gone_is_a_start_error",
        under: "a content type that no module may have",
        glue: &[Glue::Web],
        query: &[("what", "type:text/plain")],
        ..PLAIN
    },
    Case {
        name: "glue_that_is_gone_is_a_start_error",
        under: "truncated",
        query: &[("what", "truncated")],
        ..PLAIN
    },
    Case {
        name: "glue_that_never_comes_is_a_start_error",
        ..PLAIN
    },
    Case {
        name: "a_blocked_worker_is_a_start_error",
        csp: Some("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'"),
        ..PLAIN
    },
];

impl Case {
    /// What its line in the report begins with.
    pub(crate) fn label(&self, glue: Glue) -> String {
        match self.under {
            "" => format!("{} ({glue:?})", self.name),
            under => format!("{}, {under} ({glue:?})", self.name),
        }
    }
}
