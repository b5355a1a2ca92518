//! What is told twice, and what does not read, of jobs that a worker's jobs have spawned.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::thread::Thread;
use crate::wire::jobs::Jobs;

/// Who waits for jobs: which have settled.
#[derive(Default)]
struct Settled(Mutex<Vec<u64>>);

impl Packet for Settled {
    fn is_settled(&self) -> bool {
        false
    }

    fn settle(&self, id: JobId, _: Outcome) {
        self.0.lock().unwrap().push(id.0);
    }

    fn abort(&self, _: JoinError) {}
}

#[wasm_bindgen_test]
fn an_answer_that_comes_twice_is_one_jobs() {
    let settled = Arc::new(Settled::default());
    let first = JobId::next_of(3);
    let task = Task::map(vec![1u8, 2, 3], |n: u8| n);
    let (_, child) = Entry::many(first, 3, settled.clone(), task).into_child();
    CHILDREN.with_borrow_mut(|children| children.insert(first.0, child));
    let is_there = || CHILDREN.with_borrow(|children| children.contains_key(&first.0));
    let answer = |id: u64| {
        let mut writer = Writer::default();
        answer::write_outcome(&mut writer, JobId(id), &Err(JoinError::cancelled()));
        let bytes = js_sys::Uint8Array::from(&writer.bytes[..]);
        answered(&bytes, &JsValue::UNDEFINED);
    };
    // Each twice, in any order, and some that are nobody's.
    let (second, third) = (first.0 + 1, first.0 + 2);
    for id in [third, third, 0, u64::MAX, first.0, first.0, third + 1] {
        answer(id);
    }
    assert!(is_there());
    answer(second);
    assert!(!is_there());
    answer(second);
    assert_eq!(*settled.0.lock().unwrap(), [third, first.0, second]);
}

/// A message of one job, as a worker sends it to its pool.
fn spawn(token: f64, first: u64, context: u64) -> Array {
    let mut writer = Writer::headed();
    writer.set_head(ANY, 0.0);
    let jobs = Jobs {
        first: JobId(first),
        len: 1,
        kind: Task::new((), |()| ()).kind,
        context,
        is_idempotent: false,
        may_suspend: false,
        rank: 0,
        name: None,
    };
    jobs::write(&mut writer, &jobs);
    writer.u64(0);
    let bytes = js_sys::Uint8Array::from(&writer.bytes[..]);
    dom::message(token, SPAWN, &bytes, &JsValue::UNDEFINED)
}

#[wasm_bindgen_test]
async fn jobs_that_come_twice_run_once() {
    let _thread = Thread::start().await.unwrap();
    let token = link::last_token();
    let count = |first| match hear(&spawn(token, first, 0)) {
        Heard::Jobs(entries, None) => {
            let count = entries.len();
            // Who waits for them is there until they end.
            std::mem::forget(entries);
            count
        }
        _ => panic!("they are no jobs"),
    };
    assert_eq!([count(9), count(9), count(10), count(9)], [1, 0, 1, 0]);
}

#[wasm_bindgen_test]
async fn a_worker_whose_jobs_do_not_read_is_given_up_on() {
    let _thread = Thread::start().await.unwrap();
    let token = link::last_token();
    // Their context has not come.
    let said = spawn(token, 9, 77);
    assert!(matches!(hear(&said), Heard::Nothing));
    assert!(link::listening(token, |_| ()).is_none());
}
