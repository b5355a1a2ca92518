// A worker of workerpool: instantiates the Module that it is sent, and calls exports by their names.

importScripts("../npm/workerpool.js");

// Not `exports`, by which a library would know Node.
let wasm;

workerpool.worker({
  async start(glue, module, place) {
    wasm = await import(glue);
    wasm.initSync({ module });
    return wasm.answer(place);
  },

  call(name, argument) {
    const result = wasm[name](argument);
    return result instanceof Uint8Array ? new workerpool.Transfer(result, [result.buffer]) : result;
  },
});
