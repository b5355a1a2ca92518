// The workloads of the group `shared`: what shared memory is there for, each beside what it is held against. `beside` is a row more,
// of what `by` has measured in the very same run.

import { spin } from "./pkg/benches.js";
import { JOBS, LONG, LONGER, WORKERS, check, lengths, same, sumOf, timed } from "./run.js";

const SHARED = "wasm-mt shared";
const POST = "wasm-mt post";
const BOTH = [SHARED, POST];
const RAYON = "wasm-bindgen-rayon";

const EMPTY = 20_000;
const TRIPS = 600;
const TOGETHER = 10;

// In milliseconds: the work of a tree; how long the other worker is busy while nobody steals; and jobs of a sleeping owner.
const TREE = 50;
const BUSY = 150;
const OWNED = 0.8;
const OWNED_JOBS = 600;

const group = (name, unit, peers, measure, beside) => ({ name: `shared: ${name}`, unit, workers: WORKERS, peers, measure, beside });

function empty(name, method) {
  return group(name, "ms", ["floor", ...BOTH], async (peer) => {
    const it = await peer.running(WORKERS);
    const [took, sum] = await timed(() => (it[method] ?? it.empty).call(it, EMPTY));
    check(peer, sum === sumOf(EMPTY), `the answers sum up to ${sum} and not ${sumOf(EMPTY)}`);
    return { figure: took };
  });
}

// The one in the middle of some means: a clock may tick as slowly as a trip takes.
const trip = group("round trip", "µs", ["floor", "notify by hand", ...BOTH], async (peer) => {
  const it = await peer.running(WORKERS);
  const [, took] = await timed(() => it.trip?.(TRIPS) ?? middleOf(it));
  return { figure: 1000 * took };
});

async function middleOf(it) {
  const means = [];
  for (let at = 0; at < TRIPS; at += TOGETHER) {
    const began = performance.now();
    await it.trips(TOGETHER);
    means.push((performance.now() - began) / TOGETHER);
  }
  return means.sort((a, b) => a - b)[means.length >> 1];
}

const joins = (rate) => group("join, not stolen", "ns", [SHARED], async (peer) => {
  const it = await peer.running(WORKERS);
  const [, { join, calls }] = await timed(() => it.joinCost(Math.round(BUSY * rate)));
  return { figure: join, beside: calls };
}, { by: SHARED, name: "25 Atomics calls" });

const tree = (rate) => {
  const turns = Math.round(TREE * rate);
  return group("fork-join", "ms", BOTH, async (peer, round) => {
    const it = await peer.running(WORKERS);
    const [joined, alone] = await inTurns(round, () => timed(() => it.tree(turns, true)), () => timed(() => it.tree(turns, false)));
    check(peer, joined[1] === alone[1], `the leaves sum up to ${joined[1]} and not ${alone[1]}`);
    return { figure: joined[0], beside: alone[0] };
  }, { by: SHARED, name: "one worker" });
};

const owner = (rate) => group("owner asleep", "ms", BOTH, async (peer, round) => {
  const it = await peer.running(WORKERS);
  const run = (sleeps) => timed(() => it.owned(OWNED_JOBS, Math.round(OWNED * rate), sleeps));
  const [asleep, awake] = await inTurns(round, () => run(true), () => run(false));
  return { figure: asleep[1], beside: awake[1] };
}, { by: SHARED, name: "owner awake" });

const skewed = (rate, millis) => {
  const short = Math.round(millis * rate);
  const expected = (JOBS - LONG) * spin(short) + LONG * spin(LONGER * short);
  return group(`skewed, ${millis} ms`, "ms", [...BOTH, RAYON], async (peer) => {
    const it = await peer.running(WORKERS);
    const turns = Uint32Array.from(lengths((at) => at % (JOBS / LONG) === 0), (length) => length * short);
    const [took, { sum, work }] = await timed(() => it.skewed(turns));
    check(peer, sum === expected, `the results sum up to ${sum} and not ${expected}`);
    return { figure: took, beside: work / WORKERS };
  }, { by: SHARED, name: "ideal" });
};

const julia = (picture) => group("julia", "ms", [...BOTH, RAYON], async (peer, round) => {
  const it = await peer.running(WORKERS);
  const bands = () => timed(() => it.bands?.() ?? it.julia());
  const halves = () => it.halves && timed(() => it.halves());
  const both = await inTurns(round, bands, halves);
  for (const drawn of both) check(peer, !drawn || same(drawn[1](), [picture]), "another Julia set");
  return { figure: both[0][0], beside: both[1]?.[0] };
}, { by: SHARED, name: "two halves" });

// Both, one after the other; which is first changes from round to round.
async function inTurns(round, one, other) {
  if (round % 2 === 0) {
    const first = await one();
    return [first, await other()];
  }
  const first = await other();
  return [await one(), first];
}

// `rate`: turns in a millisecond.
export const shared = (rate, picture) => [
  empty("empty by spawn", "spawned"),
  empty("empty by map", "empty"),
  trip,
  joins(rate),
  tree(rate),
  owner(rate),
  skewed(rate, 0.8),
  skewed(rate, 0.09),
  julia(picture),
];
