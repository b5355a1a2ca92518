// The benchmark "pool": a ThreadPool of WORKERS workers beside hand-written JavaScript with as many, which have the same
// module instantiated. The floors:
//   empty jobs: one postMessage a job and one back, to each worker in turn, all sent at once, the answers counted;
//   one at a time: one postMessage and one back, to one worker, the next when the answer has come;
//   skewed: what the jobs took themselves in that very run, over WORKERS. No program is quicker;
//   julia: each worker renders every second band, and transfers its pixels. The picture looks the same turned by half, and a
//     turned band lies in the other half, so both halves cost the same.

import init, { Pool, bandCount } from "./pkg/benches.js";

const WORKERS = 2;
const WARM_UPS = 2;
const ROUNDS = 20;
// So that what one run leaves to the garbage collector is not the next one's affair alone.
const PAUSE = 20;

const EMPTY = 10_000;
// A clock that ticks once in a millisecond is too coarse for one.
const MAPS = 10;
const TRIPS = 500;
const PICTURE = 800 * 800 * 4;

// All work of a skewed run, in milliseconds on one worker, and its jobs.
const SKEWED = 500;
const JOBS = 200;
const LONG = 20;
const LONGER = 20;

const glue = new URL("./pkg/benches.js", import.meta.url).href;
const wasm = new URL("./pkg/benches_bg.wasm", import.meta.url).href;

class Floor {
  static async start(module) {
    const workers = Array.from({ length: WORKERS }, () => new Worker("./pool-worker.js"));
    const floor = new Floor(workers);
    await floor.answers(WORKERS, () => {}, () => workers.forEach((worker) => worker.postMessage({ glue, module })));
    return floor;
  }

  constructor(workers) {
    this.workers = workers;
    this.picture = new Uint8Array(PICTURE);
  }

  // Waits for `count` answers to what `send` sends; `hear` is given each, and the place of the worker that it is from.
  answers(count, hear, send) {
    return new Promise((resolve, reject) => {
      let left = count;
      this.workers.forEach((worker, place) => {
        worker.onmessage = ({ data }) => {
          hear(data, place);
          if (--left === 0) resolve();
        };
        worker.onerror = (event) => reject(new Error(`floor worker: ${event.message}`));
      });
      send();
    });
  }

  async jobs(count) {
    let sum = 0;
    await this.answers(count, (n) => sum += n, () => {
      for (let n = 0; n < count; n++) this.workers[n % WORKERS].postMessage(n);
    });
    return sum;
  }

  async trips(count) {
    const [worker] = this.workers;
    let [sum, sent] = [0, 0];
    const send = () => worker.postMessage(sent++);
    await this.answers(count, (n) => {
      sum += n;
      if (sent < count) send();
    }, send);
    return sum;
  }

  async julia() {
    const length = PICTURE / bandCount();
    const hear = (pixels, first) => {
      for (let at = 0; at * length < pixels.length; at++) {
        this.picture.set(pixels.subarray(at * length, (at + 1) * length), (first + at * WORKERS) * length);
      }
    };
    await this.answers(WORKERS, hear, () => {
      this.workers.forEach((worker, first) => worker.postMessage({ first, step: WORKERS }));
    });
  }
}

async function timed(run) {
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  const began = performance.now();
  const result = await run();
  return [performance.now() - began, result];
}

function check(sum, count) {
  const expected = count * (count - 1) / 2;
  if (sum !== expected) throw new Error(`the answers sum up to ${sum} and not ${expected}`);
}

// Each side measures once and gives the figure of its round, in the workload's unit.

const jobs = (run, times = 1) => async () => {
  const [took] = await timed(async () => {
    for (let time = 0; time < times; time++) check(await run(EMPTY), EMPTY);
  });
  return times * EMPTY / took;
};

const trips = (side) => async () => {
  const [took, sum] = await timed(() => side.trips(TRIPS));
  check(sum, TRIPS);
  return took * 1000 / TRIPS;
};

const pictures = (side) => async () => 1000 / (await timed(() => side.julia()))[0];

// How long each job of a skewed run is, as a multiple of the short ones; `isLong` is of its place.
const lengths = (isLong) => Array.from({ length: JOBS }, (_, at) => isLong(at) ? LONGER : 1);

const MIDDLE = (JOBS - LONG) / 2;
const SKEWS = [
  ["long first", () => lengths((at) => at < LONG)],
  ["long last", () => lengths((at) => at >= JOBS - LONG)],
  ["long in the middle", () => lengths((at) => at >= MIDDLE && at < MIDDLE + LONG)],
  ["long strided", () => lengths((at) => at % (JOBS / LONG) === 0)],
  ["random orders", (round) => shuffled(lengths((at) => at < LONG), round)],
];

// The same order for the same round: Fisher and Yates, by Marsaglia's xorshift32.
function shuffled(items, round) {
  let state = 0x9e3779b9 + round;
  for (let last = items.length - 1; last > 0; last--) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const other = (state >>> 0) % (last + 1);
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
}

function skewed(pool, turnsOfOne) {
  return SKEWS.map(([name, order]) => ({
    name: `pool: skewed, ${name}`,
    unit: "ms",
    goal: { at_most: 1.06 },
    paired: true,
    async both(round) {
      const run = await pool.skewed(Uint32Array.from(order(round), (length) => Math.round(length * turnsOfOne())));
      return { wasm_mt: run.makespan, floor: run.work / WORKERS };
    },
  }));
}

// Measures the sides one after the other, and each first as often as the other.
async function inTurns(sides, round) {
  const figures = {};
  const order = round % 2 === 0 ? ["wasm_mt", "floor"] : ["floor", "wasm_mt"];
  for (const name of order) figures[name] = await sides[name](round);
  return figures;
}

export async function run(show) {
  const module = await WebAssembly.compileStreaming(fetch(wasm));
  await init({ module_or_path: module });
  const pool = await Pool.start(WORKERS);
  const floor = await Floor.start(module);
  // Turns of a worker in a millisecond: the most that was measured before the first round that counts, for an engine may
  // still be compiling for speed.
  let rate = 0;
  const turnsOfOne = () => SKEWED * rate / (JOBS - LONG + LONG * LONGER);
  const juliaGoal = navigator.userAgent.includes("Chrome/") ? 0.95 : 0.9;

  const workloads = [
    {
      name: "pool: 10,000 empty jobs by map",
      unit: "jobs/ms",
      goal: { at_least: 15 },
      wasm_mt: jobs((count) => pool.map(count), MAPS),
      floor: jobs((count) => floor.jobs(count)),
    },
    {
      name: "pool: 10,000 empty jobs by spawn",
      unit: "jobs/ms",
      goal: { at_least: 7 },
      wasm_mt: jobs((count) => pool.spawn(count)),
      floor: jobs((count) => floor.jobs(count)),
    },
    {
      name: "pool: one job at a time",
      unit: "µs",
      goal: { at_most: 1.2 },
      wasm_mt: trips(pool),
      floor: trips(floor),
    },
    ...skewed(pool, turnsOfOne),
    {
      name: "pool: julia, 40 bands by map",
      unit: "pictures/s",
      goal: { at_least: juliaGoal },
      wasm_mt: pictures(pool),
      floor: pictures(floor),
    },
  ];
  const runs = workloads.map(() => ({ wasm_mt: [], floor: [] }));
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    if (round <= 0) rate = Math.max(rate, await pool.calibrate());
    for (const [at, workload] of workloads.entries()) {
      show(`${workload.name}: round ${round + 1} of ${ROUNDS}`);
      const figures = await (workload.both?.(round) ?? inTurns(workload, round));
      if (round < 0) continue;
      for (const side of ["wasm_mt", "floor"]) runs[at][side].push(figures[side]);
    }
    if (!pool.isPicture(floor.picture)) throw new Error("the pool's picture is not the floor's");
  }
  return {
    workers: WORKERS,
    workloads: workloads.map(({ name, unit, goal, paired }, at) => ({ name, unit, goal, paired, ...runs[at] })),
  };
}
