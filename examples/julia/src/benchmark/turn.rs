//! [`turn`]: lets a thread's event loop go round once, so that what has arrived is heard.

/// Gives the others their turn.
#[cfg(not(target_family = "wasm"))]
pub(super) async fn turn() {
    let mut gone_round = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut gone_round, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Gives the event loop a turn: by a message to itself. `setTimeout` would sleep for 4 ms where it is called again and again.
#[cfg(target_family = "wasm")]
pub(super) async fn turn() {
    use js_sys::Promise;
    use wasm_bindgen::JsValue;
    use wasm_bindgen_futures::JsFuture;
    use web_sys::MessageChannel;

    let Ok(channel) = MessageChannel::new() else {
        return;
    };
    let turned = Promise::new(&mut |resolve, _| {
        channel.port1().set_onmessage(Some(&resolve));
        // Nothing is cloned, so nothing can fail to be.
        let _ = channel.port2().post_message(&JsValue::NULL);
    });
    // It is never rejected.
    let _ = JsFuture::from(turned).await;
    channel.port1().close();
}
