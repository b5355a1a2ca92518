//! JavaScript's own values as arguments, results and items.

use std::rc::Rc;

use futures::StreamExt;
use js_sys::{Array, ArrayBuffer, Date, Function, Map, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_mt::{Buffer, JoinError, Js, SendError, Transfer, channel, job};

use crate::common::{goes_on, thread};

pub async fn a_js_value_travels_as_a_copy() {
    let thread = thread().await;
    let map = Map::new();
    map.set(&"n".into(), &41.into());
    let sent = Js(map.clone());
    let copy: Js<Map> = thread
        .spawn(job!(|sent: Js<Map>| {
            let n = sent.get(&"n".into()).as_f64().unwrap_or(0.0);
            sent.set(&"n".into(), &(n + 1.0).into());
            sent
        }))
        .await
        .unwrap();
    assert_eq!(copy.get(&"n".into()), 42);
    assert_eq!(map.get(&"n".into()), 41);
    let (date, any) = (Js(Date::new(&86_400_000.into())), Js(JsValue::from("text")));
    let (day, any, none): (f64, Js<JsValue>, Option<Js<Object>>) = thread
        .spawn(job!(async |date: Js<Date>, any: Js<JsValue>| (
            date.get_time() / 86_400_000.0,
            any,
            None
        )))
        .await
        .unwrap();
    assert_eq!(
        (day, any.0.as_string().as_deref(), none),
        (1.0, Some("text"), None)
    );
}

pub async fn a_js_value_is_copied_when_its_job_is_made() {
    let thread = Rc::new(thread().await);
    let busy = thread.spawn(job!(|| 1));
    // A getter of the program's own runs then, and may do whatever it wants.
    let spawns = thread.clone();
    let getter = Closure::<dyn FnMut() -> u32>::new(move || {
        drop(spawns.spawn(job!(|| 2)));
        7
    });
    let (object, rules) = (Object::new(), Object::new());
    Reflect::set(&rules, &"get".into(), getter.as_ref()).unwrap();
    Reflect::set(&rules, &"enumerable".into(), &true.into()).unwrap();
    Object::define_property(&object, &"n".into(), &rules);
    Reflect::set(&object, &"m".into(), &1.into()).unwrap();
    let sent = Js(object.clone());
    let both = thread.spawn(job!(|sent: Js<Object>| {
        ["n", "m"].map(|name| Reflect::get(&sent, &name.into()).unwrap().as_f64())
    }));
    Reflect::set(&object, &"m".into(), &2.into()).unwrap();
    assert_eq!(both.await.unwrap(), [Some(7.0), Some(1.0)]);
    assert_eq!(busy.await.unwrap(), 1);
}

pub async fn a_transferred_buffer_is_handed_over() {
    let thread = thread().await;
    let buffer = ArrayBuffer::new(8);
    let view = Uint8Array::new(&ArrayBuffer::new(4));
    view.fill(3, 0, 4);
    let (sent, sent_view) = (Transfer(buffer.clone()), Transfer(view.clone()));
    let (back, sum): (Transfer<ArrayBuffer>, u32) = thread
        .spawn(job!(|sent: Transfer<ArrayBuffer>,
                     sent_view: Transfer<Uint8Array>| {
            Uint8Array::new(&sent).set_index(7, 9);
            (sent, sent_view.to_vec().into_iter().map(u32::from).sum())
        }))
        .await
        .unwrap();
    assert_eq!((buffer.byte_length(), view.length()), (0, 0));
    assert_eq!((Uint8Array::new(&back).get_index(7), sum), (9, 12));
}

#[wasm_bindgen]
extern "C" {
    pub(crate) type MessageChannel;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> MessageChannel;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn port1(this: &MessageChannel) -> MessagePort;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn port2(this: &MessageChannel) -> MessagePort;

    #[wasm_bindgen(extends = Object)]
    #[derive(Clone, Debug)]
    pub(crate) type MessagePort;
    #[wasm_bindgen(method, js_name = postMessage)]
    pub(crate) fn post_message(this: &MessagePort, message: &JsValue);
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onmessage(this: &MessagePort, f: &Function);
}

pub async fn a_message_port_travels_to_a_job() {
    let thread = thread().await;
    let both = MessageChannel::new();
    let port = Transfer(both.port2());
    thread
        .spawn(job!(|port: Transfer<MessagePort>| {
            port.post_message(&"from a job".into());
        }))
        .await
        .unwrap();
    let message = js_sys::Promise::new(&mut |resolve, _| both.port1().set_onmessage(&resolve));
    let message = js_sys::futures::JsFuture::from(message).await.unwrap();
    let data = Reflect::get(&message, &"data".into()).unwrap();
    assert_eq!(data.as_string().as_deref(), Some("from a job"));
}

fn global_function(name: &str) -> Function {
    let function = Reflect::get(&js_sys::global(), &name.into()).unwrap();
    function.unchecked_into()
}

fn assert_not_cloned(error: &JoinError, ran: bool) {
    assert!(error.is_encode() && error.may_have_run() == ran, "{error}");
    assert!(error.to_string().contains("cannot be cloned"), "{error}");
}

pub async fn a_value_that_cannot_be_cloned_is_an_error() {
    let thread = thread().await;
    let sent = Js(global_function("postMessage"));
    let error = thread
        .spawn(job!(|sent: Js<Function>| sent.is_function()))
        .await
        .unwrap_err();
    assert_not_cloned(&error, false);
    assert!(error.to_string().contains("Function"), "{error}");
    let error = thread
        .spawn(job!(|| Js(global_function("postMessage"))))
        .await
        .unwrap_err();
    assert_not_cloned(&error, true);
    // Nor can it be handed over.
    let sent = Transfer(Date::new_0());
    let error = thread
        .spawn(job!(|sent: Transfer<Date>| sent.get_time()))
        .await
        .unwrap_err();
    assert_not_cloned(&error, false);
    goes_on(&thread).await;
}

pub async fn a_detached_buffer_is_an_error() {
    let thread = thread().await;
    let buffer = ArrayBuffer::new(8);
    let sent = Transfer(buffer.clone());
    thread
        .spawn(job!(|sent: Transfer<ArrayBuffer>| drop::<
            Transfer<ArrayBuffer>,
        >(sent)))
        .await
        .unwrap();
    for again in [Transfer(buffer.clone()), Transfer(buffer)] {
        let error = thread
            .spawn(job!(|again: Transfer<ArrayBuffer>| again.byte_length()))
            .await
            .unwrap_err();
        assert_not_cloned(&error, false);
    }
    goes_on(&thread).await;
}

pub async fn a_js_value_of_another_class_is_an_error() {
    let thread = thread().await;
    // A program's own class arrives as a plain object; here a date poses as a map.
    let posing = Js(Date::new_0().unchecked_into::<Map>());
    let error = thread
        .spawn(job!(|posing: Js<Map>| posing.size()))
        .await
        .unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert!(error.to_string().contains("Map"), "{error}");
    let error = thread
        .spawn(job!(|| Transfer(
            Array::new().unchecked_into::<ArrayBuffer>()
        )))
        .await
        .unwrap_err();
    assert_not_cloned(&error, true);
    goes_on(&thread).await;
}

pub async fn js_values_come_through_a_channel() {
    let thread = thread().await;
    let (sender, receiver) = channel::<(Js<Object>, Buffer<u8>)>();
    let refused: SendError = thread
        .spawn(job!(|sender| {
            for n in 0..3 {
                let object = Object::new();
                Reflect::set(&object, &"n".into(), &n.into()).unwrap();
                sender.send((Js(object), Buffer(vec![n as u8; 2]))).unwrap();
            }
            let function: Object = global_function("postMessage").into();
            sender.send((Js(function), Buffer(vec![]))).unwrap_err()
        }))
        .await
        .unwrap();
    assert!(
        refused.to_string().contains("cannot be cloned"),
        "{refused}"
    );
    let items: Vec<_> = receiver.map(|item| item.unwrap()).collect().await;
    for (n, (object, buffer)) in items.iter().enumerate() {
        assert_eq!(Reflect::get(object, &"n".into()).unwrap(), n as f64);
        assert_eq!(*buffer, Buffer(vec![n as u8; 2]));
    }
    assert_eq!(items.len(), 3);
}

pub async fn a_js_value_outside_a_job_does_not_serialize() {
    let error = serde_json::to_string(&Js(Date::new_0())).unwrap_err();
    assert!(error.to_string().contains("`Js`"), "{error}");
    let error = serde_json::from_str::<Transfer<ArrayBuffer>>("0").unwrap_err();
    assert!(error.to_string().contains("`Transfer`"), "{error}");
}

pub async fn a_trap_ends_its_jobs_stream() {
    let thread = thread().await;
    let (progress, receiver) = channel::<u32>();
    let trapped = thread.spawn(job!(|progress| -> u32 {
        progress.send(1).unwrap();
        core::arch::wasm32::unreachable()
    }));
    let items: Vec<_> = receiver.map(|item| item.unwrap()).collect().await;
    assert_eq!(items, [1]);
    assert!(trapped.await.unwrap_err().is_trap());
    goes_on(&thread).await;
}
