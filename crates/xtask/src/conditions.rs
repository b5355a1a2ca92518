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

/// The worker's script as a file.
const SCRIPT: &str = "/tests/pages/wasm-mt-worker.js";

/// The policies that `docs/deployment.md` gives: with a blob, and the strictest that a page with threads can have.
const BLOB: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:";
const STRICT: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; \
     require-trusted-types-for 'script'; trusted-types wasm-mt";
/// The same for a page that makes the tag of its classic glue itself, as the harness does, by a policy called `page`.
const STRICT_CLASSIC: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; \
     require-trusted-types-for 'script'; trusted-types wasm-mt page";

/// The strictest policy, with each kind of glue.
const STRICT_FILE: Case = Case {
    under: "a script file and a policy that allows nothing else",
    csp: Some(STRICT),
    query: &[("script", SCRIPT)],
    glue: &[Glue::Web],
    ..PLAIN
};
const STRICT_FILE_CLASSIC: Case = Case {
    csp: Some(STRICT_CLASSIC),
    glue: &[Glue::NoModules],
    ..STRICT_FILE
};

/// A policy under which no JavaScript text runs, with what the surface of 0.1 needs: scripts made of the text that a program gives.
const NO_EVAL: &str =
    "default-src 'self'; script-src 'self' blob: 'wasm-unsafe-eval'; worker-src blob:";

/// A policy that allows no worker at all.
const NO_WORKERS: &str =
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'";

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
        csp: Some(BLOB),
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
        name: "a_thread_answers",
        under: "a module of another content type",
        module: Some(("type:application/octet-stream", 1)),
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
        csp: Some(NO_WORKERS),
        ..PLAIN
    },
    Case {
        name: "a_thread_answers",
        ..STRICT_FILE
    },
    Case {
        name: "a_thread_answers",
        ..STRICT_FILE_CLASSIC
    },
    Case {
        name: "a_job_starts_a_thread",
        ..STRICT_FILE
    },
    Case {
        name: "a_job_starts_a_thread",
        ..STRICT_FILE_CLASSIC
    },
    Case {
        name: "a_job_starts_a_thread",
        under: "trusted types and a blob",
        csp: Some(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; require-trusted-types-for 'script'; \
             trusted-types wasm-mt page",
        ),
        ..PLAIN
    },
    Case {
        name: "a_thread_answers",
        under: "trusted types that are listed but not required",
        csp: Some("trusted-types page"),
        ..PLAIN
    },
    Case {
        name: "trusted_types_without_our_policy_are_a_start_error",
        csp: Some("require-trusted-types-for 'script'; trusted-types page"),
        ..PLAIN
    },
    Case {
        name: "a_module_that_cannot_be_cloned_goes_as_bytes",
        under: "an exception at the sender",
        query: &[("break", "clone")],
        ..PLAIN
    },
    Case {
        name: "a_module_that_cannot_be_cloned_goes_as_bytes",
        under: "the worker hears messageerror",
        query: &[("script", "refuses.js")],
        ..PLAIN
    },
    Case {
        name: "a_module_that_cannot_be_cloned_goes_as_bytes",
        under: "a module elsewhere than the glue",
        glue: &[Glue::NoModules],
        query: &[("break", "clone")],
        elsewhere: Elsewhere::WithoutCors,
        ..PLAIN
    },
    Case {
        name: "a_job_starts_a_thread_by_bytes",
        ..PLAIN
    },
    Case {
        name: "a_module_that_the_owner_cannot_fetch_goes_as_a_url",
        query: &[("break", "clone fetch")],
        ..PLAIN
    },
    Case {
        name: "a_module_that_cannot_be_had_is_a_start_error",
        under: "404",
        query: &[("break", "clone"), ("what", "status:404")],
        ..PLAIN
    },
    Case {
        name: "a_module_that_cannot_be_had_is_a_start_error",
        under: "HTML instead",
        query: &[("break", "clone"), ("what", "html")],
        ..PLAIN
    },
    Case {
        name: "a_module_that_never_comes_holds_up_nothing",
        query: &[("break", "clone")],
        ..PLAIN
    },
    Case {
        name: "another_build_is_a_start_error",
        glue: &[Glue::Web],
        ..PLAIN
    },
    Case {
        name: "glue_of_another_program_is_a_start_error",
        ..PLAIN
    },
    Case {
        name: "a_script_that_is_none_is_a_start_error",
        under: "404",
        query: &[("script", SCRIPT), ("what", "status:404")],
        ..PLAIN
    },
    Case {
        name: "a_script_that_is_none_is_a_start_error",
        under: "HTML instead",
        query: &[("script", SCRIPT), ("what", "html")],
        ..PLAIN
    },
    Case {
        name: "a_script_that_is_none_is_a_start_error",
        under: "truncated",
        query: &[("script", SCRIPT), ("what", "truncated")],
        ..PLAIN
    },
    Case {
        name: "a_script_of_another_version_is_a_start_error",
        query: &[("script", "other-version.js")],
        ..PLAIN
    },
    Case {
        name: "a_script_that_may_not_compile_is_a_start_error",
        query: &[("script", SCRIPT)],
        ..PLAIN
    },
    Case {
        name: "a_script_that_the_policy_forbids_is_a_start_error",
        csp: Some(NO_WORKERS),
        query: &[("script", SCRIPT)],
        ..PLAIN
    },
    Case {
        name: "a_script_with_trusted_types_of_others_loads_no_classic_glue",
        query: &[("script", SCRIPT)],
        ..PLAIN
    },
    Case {
        name: "the_601st_thread_is_a_start_error",
        glue: &[Glue::Web],
        ..PLAIN
    },
    Case {
        name: "only_javascript_text_needs_eval",
        csp: Some(NO_EVAL),
        ..PLAIN
    },
    Case {
        name: "glue_given_as_text_has_to_be_allowed",
        csp: Some(BLOB),
        ..PLAIN
    },
    Case {
        name: "array_buffers_of_another_build_are_an_error",
        glue: &[Glue::Web],
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docs_give_the_policies_that_are_tested() {
        let file = crate::workspace::root().join("docs/deployment.md");
        let docs = std::fs::read_to_string(file).unwrap();
        for policy in [BLOB, STRICT] {
            let header = format!("\nContent-Security-Policy: {policy}\n");
            assert!(docs.contains(&header), "{header}");
        }
    }
}
