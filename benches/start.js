// The benchmark "start": from nothing to WORKERS threads that have each answered one trivial job, in milliseconds.
//
// wasm-mt is measured beside two floors of hand-written JavaScript. Both do the same with the same files: as many workers,
// from a blob as wasm-mt's are, the same glue imported in each, the same module instantiated in each, one answer.
//   at_hand: the Module that the page has compiled is posted at once, as wasm-mt does it;
//   beside:  the module is fetched and compiled while the workers start, then posted, as a page does that is just loading.

import init, { answer, start_threads } from "./pkg/benches.js";

const WORKERS = 4;
const GOAL = { at_most: 1.15 };
const WARM_UPS = 2;
// All six orders of the three sides, three times: no side always follows the same one.
const ROUNDS = 18;
const ORDERS = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [1, 0, 2], [0, 2, 1]];
// Terminated workers take their time to end, and no event says when they have.
const PAUSE = 50;

const glue = new URL("./pkg/benches.js", import.meta.url).href;
const wasm = new URL("./pkg/benches_bg.wasm", import.meta.url).href;

// Each side gives its answers and how its workers are ended.

async function wasmMt() {
  const threads = await start_threads(WORKERS);
  return { answers: threads.answers(), end: () => threads.free() };
}

function floor(compile) {
  return async () => {
    const module = compile();
    const workers = Array.from({ length: WORKERS }, () => new Worker(workerUrl));
    const answered = workers.map((worker, place) => new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(`floor worker: ${event.message}`));
      if (module instanceof Promise) {
        module.then((module) => worker.postMessage({ glue, module, place }), reject);
      } else {
        worker.postMessage({ glue, module, place });
      }
    }));
    return { answers: await Promise.all(answered), end: () => workers.forEach((worker) => worker.terminate()) };
  };
}

async function measure(side, expected) {
  const began = performance.now();
  const { answers, end } = await side();
  const took = performance.now() - began;
  end();
  if (String([...answers]) !== String(expected)) throw new Error(`answered ${[...answers]} and not ${expected}`);
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  return took;
}

let workerUrl;

export async function run(show) {
  const module = await WebAssembly.compileStreaming(fetch(wasm));
  await init({ module_or_path: module });
  workerUrl = URL.createObjectURL(await (await fetch("./start-worker.js")).blob());
  const expected = Array.from({ length: WORKERS }, (_, place) => answer(place));

  const sides = [
    ["wasm_mt", wasmMt],
    ["at_hand", floor(() => module)],
    ["beside", floor(() => WebAssembly.compileStreaming(fetch(wasm)))],
  ];
  const runs = Object.fromEntries(sides.map(([name]) => [name, []]));
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    for (const at of ORDERS[(round + WARM_UPS) % ORDERS.length]) {
      const [name, side] = sides[at];
      const took = await measure(side, expected);
      if (round >= 0) runs[name].push(took);
    }
    show(`round ${round + 1} of ${ROUNDS}`);
  }
  // Two workloads, because there are two floors; wasm-mt's page has its Module at hand in both.
  return {
    workers: WORKERS,
    workloads: [
      { name: "start: module at hand", unit: "ms", goal: GOAL, wasm_mt: runs.wasm_mt, floor: runs.at_hand },
      { name: "start: module compiled beside", unit: "ms", goal: GOAL, wasm_mt: runs.wasm_mt, floor: runs.beside },
    ],
  };
}
