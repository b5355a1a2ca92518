// The crate wasmworker, in the page's module. Its pool fetches and compiles the module itself, so that a start has its workers
// alone, which take the module that is at hand.

import { WasmWorkerPool, WasmWorkers } from "../pkg/benches.js";
import { Rust } from "./rust.js";

export const fabric = "post";

export async function start({ workers, only }) {
  if (only !== "start") return new Rust(await WasmWorkerPool.start(workers), "empty");
  const started = await WasmWorkers.start(workers);
  return { answers: started.answers(), end: () => started.free() };
}
