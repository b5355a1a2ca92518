//! What a worker's messages can be: not its own, broken, sent twice, or too late.

use std::future::ready;
use std::time::Duration;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_mt::job;

use super::ground::Ground;
use super::outcome::Caused;
use crate::harness;

type Outcome = Result<Caused, JsValue>;

#[wasm_bindgen]
extern "C" {
    /// Posts to each worker of this page what no program of ours would.
    #[wasm_bindgen(js_name = postStrangeMessages)]
    fn post_strange_messages();
    /// Posts to each worker of this page that what it keeps back may go.
    #[wasm_bindgen(js_name = letRepliesGo)]
    fn let_replies_go();
}

/// Evaluates text in each worker: from then on what it posts goes by there.
async fn in_each_worker(ground: &Ground, text: &str) -> Result<(), JsValue> {
    let text = text.to_owned();
    let outcomes = ground
        .each(|| {
            let text = text.clone();
            job!(|text: String| Function::new_no_args(&text).call0(&JsValue::NULL).is_ok())
        })
        .await;
    for outcome in outcomes {
        if !outcome? {
            return Err("a worker's messages cannot be reached".into());
        }
    }
    Ok(())
}

/// `change` is JavaScript that sees `post`, `message`, which is a report, and `rest`. The first report, that all this has been done,
/// passes unchanged.
fn passing_by(change: &str) -> String {
    format!(
        "const post = self.postMessage.bind(self);
        let reports = 0;
        self.postMessage = (message, ...rest) => {{
            if (message[1] !== 2 || reports++ === 0) return post(message, ...rest);
            {change}
        }};"
    )
}

/// What anybody may post to a worker, and a worker to its page.
pub(crate) async fn a_strangers_messages(ground: &Ground) -> Outcome {
    post_strange_messages();
    let strange = "for (const message of ['text', null, [], [1, 2, 3], [NaN, 2, new Uint8Array(9)], new Uint8Array(4)]) \
         self.postMessage(message);";
    in_each_worker(ground, strange).await?;
    Ok(Caused::by(harness::now(), ground.spawn(job!(|| 3))).await)
}

pub(crate) async fn a_malformed_reply(ground: &Ground) -> Outcome {
    let change = "message[2] = new Uint8Array(message[2].length || 8).fill(255);
        message[3] = undefined;
        post(message);";
    in_each_worker(ground, &passing_by(change)).await?;
    let since = harness::now();
    // Each of them is given up on.
    let first = ground.each(|| job!(|| 4)).await.into_iter().next();
    Ok(Caused::by(since, ready(first.ok_or("there are no workers")?)).await)
}

pub(crate) async fn a_duplicated_reply(ground: &Ground) -> Outcome {
    let change = "const again = structuredClone(message);
        post(message, ...rest);
        post(again);";
    in_each_worker(ground, &passing_by(change)).await?;
    Ok(Caused::by(harness::now(), ground.spawn(job!(|| 5))).await)
}

/// It comes when nobody waits for it any more.
pub(crate) async fn a_late_reply(ground: &Ground) -> Outcome {
    let limit = Duration::from_millis(100);
    let change = "kept.push(message);";
    let keeps = format!(
        "const kept = [];
        {}
        self.addEventListener('message', ({{ data }}) => {{
            if (data !== 'go') return;
            self.postMessage = post;
            for (const message of kept.splice(0)) post(message);
        }});",
        passing_by(change)
    );
    in_each_worker(ground, &keeps).await?;
    // Async, so that its reply is a message on either fabric.
    let late = ground.spawn(job!(async || 6)).timeout(limit);
    let caused = Caused::by(harness::now(), late).await;
    let_replies_go();
    Ok(caused)
}
