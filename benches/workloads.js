// The workloads. `measure(peer, round)` does one once, checks what came of it, and gives its figure. `beside` says of a row more,
// which is of what the peer `by` has measured in the same run: as `ideal`, of what no two workers can beat.

import { Parcels, answer, spin } from "./pkg/benches.js";
import { ALL } from "./peers.js";
import { JOBS, LONG, LONGER, WORKERS, check, lengths, pause, same, sumOf, timed } from "./run.js";
import { shared } from "./shared.js";

const MIB = 1 << 20;
const TRIPS = 300;
const EMPTY = 10_000;

const AFTER_WORKERS = 50;

// All work of a skewed run, in milliseconds on one worker.
const SKEWED = 500;

const starts = (workers) => ({
  name: "start",
  unit: "ms",
  workers,
  peers: [...ALL, "wasm-mt thread"],
  async measure(peer) {
    const began = performance.now();
    const started = await peer.start({ workers, only: "start" });
    const took = performance.now() - began;
    started.end();
    const expected = Array.from({ length: workers }, (_, place) => answer(place));
    check(peer, String([...started.answers]) === String(expected), `answered ${[...started.answers]} and not ${expected}`);
    await pause(AFTER_WORKERS);
    return { figure: took };
  },
});

function counted(name, unit, count, scale, peers) {
  return {
    name,
    unit,
    workers: WORKERS,
    peers,
    async measure(peer) {
      const it = await peer.running(WORKERS);
      const [took, sum] = await timed(() => it[name](count));
      check(peer, sum === sumOf(count), `the answers sum up to ${sum} and not ${sumOf(count)}`);
      return { figure: took * scale };
    },
  };
}

// The first of all to render the picture is the page itself.
const julia = (expected) => ({
  name: "julia",
  unit: "ms",
  workers: WORKERS,
  peers: ALL,
  async measure(peer) {
    const it = await peer.running(WORKERS);
    const [took, take] = await timed(() => it.julia());
    check(peer, same(take(), [expected]), "another Julia set");
    return { figure: took };
  },
});

const pictures = (expected) => ({
  name: "pictures",
  unit: "ms",
  workers: WORKERS,
  peers: ALL,
  async measure(peer) {
    const it = await peer.running(WORKERS);
    const photos = await it.load("photos");
    const [took, take] = await timed(() => it.pictures(photos));
    check(peer, same(take(), expected), "other thumbnails");
    return { figure: took };
  },
});

const bytes = (name, length, times) => ({
  name,
  unit: "ms",
  workers: WORKERS,
  peers: ALL,
  async measure(peer) {
    const it = await peer.running(WORKERS);
    const parcels = await it.load("bytes", length);
    const [took, back] = await timed(() => it.bytes(parcels, times));
    check(peer, await it.areBytes(back, length), "other bytes came back");
    back?.free();
    return { figure: took };
  },
});

const MIDDLE = (JOBS - LONG) / 2;
const OURS = ["wasm-mt"];

// The floor deals jobs out by turns, as a hand-written pool would: of those at the end each worker gets half, and of every tenth
// one worker gets all. The other orders are for ours alone, beside the ideal.
const ORDERS = [
  ["skewed: long last", ALL, () => lengths((at) => at >= JOBS - LONG)],
  ["skewed: strided", ALL, () => lengths((at) => at % (JOBS / LONG) === 0)],
  ["skewed: long first", OURS, () => lengths((at) => at < LONG)],
  ["skewed: long in the middle", OURS, () => lengths((at) => at >= MIDDLE && at < MIDDLE + LONG)],
  ["skewed: random", OURS, (round) => shuffled(lengths((at) => at < LONG), round)],
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

// `rate`: turns in a millisecond.
const skewed = (rate) => ORDERS.map(([name, peers, order]) => {
  const short = Math.round(SKEWED * rate / (JOBS - LONG + LONG * LONGER));
  const [of_short, of_long] = [spin(short), spin(LONGER * short)];
  const expected = (JOBS - LONG) * of_short + LONG * of_long;
  return {
    name,
    unit: "ms",
    workers: WORKERS,
    peers,
    // By what the jobs took themselves in its very run.
    beside: { by: OURS[0], name: "ideal" },
    async measure(peer, round) {
      const it = await peer.running(WORKERS);
      const turns = Uint32Array.from(order(round), (length) => length * short);
      const [took, { sum, work }] = await timed(() => it.skewed(turns));
      check(peer, sum === expected, `the results sum up to ${sum} and not ${expected}`);
      return { figure: took, beside: work / WORKERS };
    },
  };
});

// How much quicker two plain workers do twice the work than one: no peer can do better on this machine.
const ceiling = (rate) => ({
  name: "ceiling",
  unit: "×",
  workers: WORKERS,
  peers: ["floor"],
  async measure(peer) {
    const it = await peer.running(WORKERS);
    const turns = Math.round(rate * SKEWED / 4);
    const [one] = await timed(() => it.call("spin", turns));
    const [both] = await timed(() => it.all("spin", Array(WORKERS).fill(turns)));
    return { figure: WORKERS * one / both };
  },
});

// Turns of a core in a millisecond: the most of some tries, for an engine may still be compiling for speed.
async function calibrated() {
  const turns = 10_000_000;
  let quickest = Infinity;
  for (let time = 0; time < 10; time++) {
    const began = performance.now();
    spin(turns);
    quickest = Math.min(quickest, performance.now() - began);
    await pause(0);
  }
  return turns / quickest;
}

const NAMES = ["start", "trips", "empty", "julia", "pictures", "skewed", "bytes", "ceiling", "shared"];

// Those that the name stands for, or all.
export async function workloads(name, page) {
  if (name && !NAMES.includes(name)) throw new Error(`no workload ${name}, but ${NAMES.join(", ")}`);
  const rate = await calibrated();
  const thumbnails = Parcels.thumbnails();
  const small = Array.from({ length: thumbnails.count() }, (_, at) => thumbnails.take(at));
  const all = [
    starts(2),
    starts(4),
    ceiling(rate),
    counted("trips", "µs", TRIPS, 1000 / TRIPS, ALL),
    counted("empty", "ms", EMPTY, 1, [...ALL, "wasm-mt spawn"]),
    julia(page.picture),
    pictures(small),
    ...skewed(rate),
    bytes("bytes: 64 MiB", 64 * MIB, 1),
    bytes("bytes: 100 × 1 MiB", MIB, 100),
    ...shared(rate, page.picture),
  ];
  return all.filter((workload) => !name || workload.name.split(":")[0] === name);
}
