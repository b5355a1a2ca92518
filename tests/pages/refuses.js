// A worker whose browser does not receive a `WebAssembly.Module`: it hears `messageerror` instead, as the standard has it.
// Nothing else about it differs.

addEventListener("message", (event) => {
  if (Array.isArray(event.data) && event.data.some((value) => value instanceof WebAssembly.Module)) {
    event.stopImmediatePropagation();
    dispatchEvent(new MessageEvent("messageerror"));
  }
});
importScripts("wasm-mt-worker.js");
