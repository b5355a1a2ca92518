// wasm-mt without a pool: as many of its `Thread`s. They only start.

import { Threads } from "../pkg/benches.js";

export const fabric = "post";

export async function start({ workers }) {
  const threads = await Threads.start(workers);
  return { answers: threads.answers(), end: () => threads.free() };
}
