// What workloads have in common: how a run is timed, how its answers are checked, and how long the jobs of a skewed one are.

export const WORKERS = 2;

// So that what one run leaves to the garbage collector, or of terminated workers, is not the next one's affair alone.
const PAUSE = 20;

// The jobs of a skewed run: how many, how many of them are long, and how much longer.
export const JOBS = 200;
export const LONG = 20;
export const LONGER = 20;

// What a peer answers that is not so ends the benchmark: its times would be times of something else.
export class Wrong extends Error {}

export function check(peer, is, what) {
  if (!is) throw new Wrong(`${peer.name}: ${what}`);
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function timed(run) {
  await pause(PAUSE);
  const began = performance.now();
  const result = await run();
  return [performance.now() - began, result];
}

export const sumOf = (count) => count * (count - 1) / 2;

export const same = (some, others) => some.length === others.length && some.every((bytes, at) => equal(bytes, others[at]));

function equal(bytes, others) {
  if (bytes.length !== others.length) return false;
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== others[at]) return false;
  return true;
}

// How long each job is, as a multiple of the short ones; `isLong` is of its place.
export const lengths = (isLong) => Array.from({ length: JOBS }, (_, at) => isLong(at) ? LONGER : 1);
