//! The fault matrix: each row a fault, caused on a thread, in a pool by messages, and in one through shared memory. `rows` lists them, the other files cause them.
//!
//! A cell holds if the caller got the row's outcome, with its words, in time, and the thread or pool then goes on. What
//! came of a cell is what `docs/faults.md` has of it; the harness compares, and says which browser it was in.

mod endless;
mod ground;
mod jobs;
mod lives;
mod outcome;
mod replies;
mod rows;
mod shared;
mod starts;
mod values;

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::harness;
use ground::On;
use outcome::Caused;
use rows::{Cause, ROWS, Row};

/// What the harness reads of a cell.
#[derive(Serialize)]
struct Cell {
    outcome: String,
    /// The error's own words.
    text: String,
    /// How long it took to settle, in milliseconds.
    took: f64,
}

/// All rows, as JSON: for the harness, which sets each one's conditions.
pub(crate) fn list() -> Result<String, JsValue> {
    json(&ROWS)
}

/// Causes the row's fault on a thread or in a pool, of either fabric. Gives what came of it, as JSON.
///
/// # Errors
/// Where it is not what the row says, comes too late, or harms what comes after it.
pub(crate) async fn run(id: &str, on: &str) -> Result<String, JsValue> {
    let slack = slack();
    let row = ROWS.iter().find(|row| row.id == id);
    let row = row.ok_or_else(|| format!("no fault is called {id}"))?;
    let on = On::read(on)?;
    let (caused, ground) = match row.cause {
        Cause::Working(cause) => {
            let ground = on.start(harness::builder()).await?;
            (cause(&ground).await?, ground)
        }
        Cause::Starting(cause) => cause(on).await?,
    };
    judge(row, &caused, slack)?;
    ground.goes_on().await?;
    json(&Cell {
        outcome: caused.outcome()?,
        text: caused.text(),
        took: caused.took,
    })
}

/// One pool, on which each fault that leaves it its page is caused in turn, draws a picture in the end, which is posted.
/// Gives how many faults it has suffered.
pub(crate) async fn run_all(on: &str) -> Result<String, JsValue> {
    let slack = slack();
    let ground = On::read(on)?.start(harness::builder()).await?;
    let mut suffered = 0;
    for row in ROWS.iter().filter(|row| row.in_turn) {
        let Cause::Working(cause) = row.cause else {
            return Err(format!("{} does not happen to a pool that works", row.id).into());
        };
        let after = |error: JsValue| JsValue::from(format!("{}: {error:?}", row.id));
        let caused = cause(&ground).await.map_err(after)?;
        judge(row, &caused, slack).map_err(after)?;
        ground.goes_on().await.map_err(after)?;
        suffered += 1;
    }
    let picture = ground.draws().await?;
    harness::post("/canvas/julia", &picture).await?;
    Ok(format!("{suffered} faults"))
}

/// How much later than its limit says something may settle, in milliseconds: twice what this page has taken to load. That is
/// little, unless the machine has so much else to do that a worker takes as long to come up.
fn slack() -> f64 {
    2.0 * harness::age()
}

fn judge(row: &Row, caused: &Caused, slack: f64) -> Result<(), JsValue> {
    if caused.is_not_here() {
        return Ok(());
    }
    let (outcome, text) = (caused.outcome()?, caused.text());
    if outcome != row.expects {
        return Err(format!("{outcome}, and not {}: {text}", row.expects).into());
    }
    let words = text.to_lowercase();
    if !row.says.is_empty() && !row.says.iter().any(|part| words.contains(part)) {
        return Err(format!("says none of {:?}: {text}", row.says).into());
    }
    if caused.took > row.limit + slack {
        let (took, limit) = (caused.took, row.limit + slack);
        return Err(format!("took {took} ms, and not {limit} at most: {text}").into());
    }
    Ok(())
}

fn json(value: &impl Serialize) -> Result<String, JsValue> {
    serde_json::to_string(value).map_err(|error| error.to_string().into())
}
