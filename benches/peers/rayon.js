// rayon by wasm-bindgen-rayon: a module of its own whose workers share a memory. It blocks its caller, which a page's main thread
// may not be, so a worker of ours calls it, as its documentation asks. What it computes with lies in that memory.

export const fabric = "shared";

const glue = new URL("../pkg-rayon/rayon.js", import.meta.url).href;
const wasm = new URL("../pkg-rayon/rayon_bg.wasm", import.meta.url).href;

let module;

export async function prepare() {
  if (typeof SharedArrayBuffer === "undefined" || !crossOriginIsolated) {
    throw new Error("this browser has no SharedArrayBuffer here");
  }
  module = await WebAssembly.compileStreaming(fetch(wasm));
}

export async function start({ workers }) {
  const peer = new Rayon(new Worker(new URL("./rayon-worker.js", import.meta.url), { type: "module" }));
  try {
    peer.answers = await peer.ask("start", { glue, module, workers });
    return peer;
  } catch (error) {
    peer.end();
    throw error;
  }
}

class Rayon {
  constructor(worker) {
    this.worker = worker;
  }

  // The next answer is to this.
  ask(name, ...args) {
    return new Promise((resolve, reject) => {
      this.worker.onmessage = ({ data: { result, error } }) => error ? reject(new Error(error)) : resolve(result);
      this.worker.onerror = ({ message }) => reject(new Error(`rayon worker: ${message}`));
      this.worker.postMessage([name, ...args]);
    });
  }

  load(what, length) {
    return this.ask("load", what, length);
  }

  async trips(count) {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += await this.ask("trip", n);
    return sum;
  }

  empty(count) {
    return this.ask("empty", count);
  }

  async julia() {
    const picture = await this.ask("julia");
    return () => [picture];
  }

  async pictures() {
    const small = await this.ask("pictures");
    return () => small;
  }

  async skewed(turns) {
    return { sum: await this.ask("skewed", turns) };
  }

  async bytes(_, times) {
    for (let time = 0; time < times; time++) await this.ask("bytes");
  }

  areBytes(_, length) {
    return this.ask("areBytes", length);
  }

  end() {
    this.worker.terminate();
  }
}
