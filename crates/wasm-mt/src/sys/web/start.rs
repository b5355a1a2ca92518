//! A start once there is a worker: how it gets its module, rung by rung of [`module`], and how the start fails.

use wasm_bindgen::JsValue;

use super::dom::Message;
use super::link::{self, MODULE, listening, owner};
use super::module::{self, Rung};
use super::{Config, dom, glue, script, text};
use crate::error::{StartError, StartErrorKind};
use crate::lane::Lane;

/// How many workers one page, or one worker, may have at a time.
///
/// Firefox lets 512 run for one domain, in all its pages, and keeps later ones waiting without a word. So many come up within
/// seconds in every engine that has the memory.
pub(super) const LIMIT: usize = 256;

// How far a start had come.
const GLUE: f64 = 0.0;
const SCRIPT: f64 = 2.0;
const BUILD: f64 = 3.0;
/// The module could not be received. No failure yet: there are its bytes.
const REFUSED: f64 = 4.0;

/// Posts the module to a worker that was told to start, or has it looked for.
pub(super) fn provide(token: f64, config: &Config) -> Result<(), StartError> {
    loop {
        let (value, is_module) = match module::rung(config)? {
            Rung::Module(module) => (module, true),
            Rung::Other(value) => (value, false),
            Rung::Fetch => match module::bytes_for(token) {
                Some(bytes) => (bytes, false),
                None => return Ok(()),
            },
        };
        match post(token, &value, is_module) {
            Ok(()) => return Ok(()),
            Err(_) if is_module => module::refuse(),
            Err(error) => return Err(StartError::new(StartErrorKind::Module(text(&error)))),
        }
    }
}

/// A worker whose start has ended meanwhile gets nothing.
fn post(token: f64, value: &JsValue, is_module: bool) -> Result<(), JsValue> {
    let worker = listening(token, |one| {
        one.has_module = is_module;
        one.worker.clone()
    });
    match worker {
        Some(worker) => {
            let message = dom::array(&[token.into(), MODULE.into(), value.clone()]);
            link::post(token, &worker, &message, &[])
        }
        None => Ok(()),
    }
}

/// Gives a worker that waits for the module what was found: bytes, a URL or nothing.
pub(super) fn give(token: f64, value: Option<&JsValue>, tried: &str) {
    listening(token, |one| one.tried = Some(tried.into()));
    let Some((lane, generation)) = owner(token) else {
        return;
    };
    let given = match value {
        Some(value) => post(token, value, false),
        None => Err("no URL of it is known".into()),
    };
    if let Err(error) = given {
        let reason = format!("{tried}; {}", text(&error));
        lane.start_failed(generation, StartError::new(StartErrorKind::Module(reason)));
    }
}

/// The worker's script has told that it could not start the instance, or not yet.
pub(super) fn failed(lane: &Lane, generation: u32, token: f64, message: &Message) {
    let stage = message.number(2).unwrap_or_default();
    let reason = message.text(3);
    let config = &lane.config.sys;
    let (has_module, tried) =
        listening(token, |one| (one.has_module, one.tried.take())).unwrap_or_default();
    let outcome = if stage == REFUSED && has_module {
        module::refuse();
        provide(token, config)
    } else {
        Err(failure(stage, reason, tried.as_deref(), config))
    };
    if let Err(error) = outcome {
        lane.start_failed(generation, error);
    }
}

/// The error of a start that the worker's script calls failed.
fn failure(stage: f64, reason: String, tried: Option<&str>, config: &Config) -> StartError {
    StartError::new(if stage == SCRIPT {
        StartErrorKind::Script {
            url: config.script_url.clone().unwrap_or_default(),
            reason: format!("it is of version {reason}"),
        }
    } else if stage == GLUE {
        if script::is_untrusted(&reason) {
            StartErrorKind::Untrusted(reason)
        } else {
            glue::not_loaded(config, reason)
        }
    } else if stage == BUILD {
        StartErrorKind::OtherBuild
    } else if dom::find(&(&reason).into(), "CSP|Content Security Policy").is_some() {
        StartErrorKind::BlockedWasm(reason)
    } else if dom::find(&(&reason).into(), "[Oo]ut of memory").is_some() {
        StartErrorKind::Limit(reason)
    } else {
        StartErrorKind::Module(match tried {
            Some(tried) => format!("{tried}; {reason}"),
            None => reason,
        })
    })
}
