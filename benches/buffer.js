// The benchmark "buffer": bytes from the page's wasm memory to a worker's and back, in milliseconds.
//
// wasm-mt sends them as a `Buffer<u8>` and the job gives them back. The floor is hand-written JavaScript with the same two
// copies a way: out of wasm memory into a fresh array, which is transferred, and from there into the other wasm memory. Its
// memories are as large as need be from the start, and it allocates nothing in them.

import init, { Echo } from "./pkg/benches.js";

const MIB = 1 << 20;
const WASM_PAGE = 1 << 16;
const WORKLOADS = [
  { name: "buffer: 64 MiB there and back", length: 64 * MIB, times: 1 },
  { name: "buffer: 1 MiB there and back, × 100", length: MIB, times: 100 },
];
const GOAL = { at_most: 1.2 };
const WARM_UPS = 2;
const ROUNDS = 20;
// So that what one round leaves to the garbage collector is not the next one's affair alone.
const PAUSE = 50;

// Each side has `fill(length)`, `trips(times)`, which is what is timed, and `check(length)`.

// The byte at a place, as `Echo` has it.
const byteAt = (place) => (place ^ (place >> 8)) & 0xff;

class Floor {
  constructor(length) {
    const pages = Math.ceil(length / WASM_PAGE);
    this.worker = new Worker("./buffer-worker.js");
    this.worker.postMessage(pages);
    this.memory = new WebAssembly.Memory({ initial: 2 * pages });
  }

  fill(length) {
    this.source = new Uint8Array(this.memory.buffer, 0, length);
    this.target = new Uint8Array(this.memory.buffer, this.memory.buffer.byteLength / 2, length);
    for (let place = 0; place < length; place++) this.source[place] = byteAt(place);
    this.target.fill(0);
  }

  async trips(times) {
    for (let trip = 0; trip < times; trip++) {
      const back = new Promise((resolve, reject) => {
        this.worker.onmessage = ({ data }) => resolve(data);
        this.worker.onerror = (event) => reject(new Error(`floor worker: ${event.message}`));
      });
      const there = this.source.slice();
      this.worker.postMessage(there, [there.buffer]);
      this.target.set(await back);
    }
  }

  check(length) {
    for (let place = 0; place < length; place++) {
      if (this.target[place] !== byteAt(place)) throw new Error(`floor: another byte came back at ${place}`);
    }
  }
}

async function measure(side, { length, times }) {
  side.fill(length);
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  const began = performance.now();
  await side.trips(times);
  const took = performance.now() - began;
  side.check(length);
  return took;
}

export async function run(show) {
  await init();
  const sides = { wasm_mt: await Echo.start(), floor: new Floor(Math.max(...WORKLOADS.map(({ length }) => length))) };
  const workloads = [];
  for (const workload of WORKLOADS) {
    const runs = { wasm_mt: [], floor: [] };
    for (let round = -WARM_UPS; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? ["wasm_mt", "floor"] : ["floor", "wasm_mt"];
      for (const name of order) {
        const took = await measure(sides[name], workload);
        if (round >= 0) runs[name].push(took);
      }
      show(`${workload.name}: round ${round + 1} of ${ROUNDS}`);
    }
    workloads.push({ name: workload.name, unit: "ms", goal: GOAL, ...runs });
  }
  return { workers: 1, workloads };
}
