// Runs the chaos soak that the page's query describes, and posts {ok, text} to the query's `outcome`.
//
// It stands between the library and the browser: it counts the workers and the blobs there are, and ends a worker behind
// the library's back. What the module asks of it is `globalThis.chaos`, which a worker does not have and never asks for.

// The message by which a worker tells that it has started.
const STARTED = 0;
const LONG = 60_000; // What comes with time alone has come by then.

// By how much a figure may be above what it was; all else is to be the same. None of it grows with the time of a soak.
const SLACK = {
  // The library's tables of workers, timers and tasks keep the room that they ever had. Their number is exact.
  bytes: 16 << 10,
  // Code that the engine has optimized since, and what it has learnt for that.
  heap: 1 << 20,
};

const workers = new Map();
let heard; // The worker whose message came last.
let made = 0;
let killed = 0;
const blobs = new Set();

class Watched extends Worker {
  constructor(...args) {
    super(...args);
    const one = {};
    workers.set(this, one);
    made++;
    // The first listener: the library's own stops what it has heard.
    this.addEventListener("message", ({ data }) => {
      if (Array.isArray(data) && data[1] === STARTED) one.started = true;
      heard = this;
    });
  }

  terminate() {
    super.terminate();
    workers.get(this)?.noticed?.();
    workers.delete(this);
    if (heard === this) heard = undefined;
  }

  /** As the browser does it: nobody is told. */
  vanish() {
    super.terminate();
  }
}
globalThis.Worker = Watched;

const { createObjectURL, revokeObjectURL } = URL;
URL.createObjectURL = (blob) => {
  const url = createObjectURL.call(URL, blob);
  blobs.add(url);
  return url;
};
URL.revokeObjectURL = (url) => {
  blobs.delete(url);
  revokeObjectURL.call(URL, url);
};

globalThis.chaos = {
  say(text) {
    document.getElementById("round").textContent = text;
  },

  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),

  /** A time that may be cancelled; then `over` comes at once. */
  deadline(ms) {
    let end;
    const over = new Promise((resolve) => { end = resolve; });
    const timer = setTimeout(end, ms);
    return {
      over,
      cancel() {
        clearTimeout(timer);
        end();
      },
    };
  },

  /** Ends a worker, if there is one; over when the library has taken notice. */
  async kill(n) {
    const those = [...workers].filter(([, one]) => one.started && !one.noticed);
    if (those.length) await kill(those[n % those.length][0]);
  },

  /** The same, of the worker that was heard last. */
  async killLastHeard() {
    const one = workers.get(heard);
    if (one && !one.noticed) await kill(heard);
  },
};

async function kill(worker) {
  const noticed = new Promise((resolve) => { workers.get(worker).noticed = resolve; });
  worker.vanish();
  killed++;
  await noticed;
}

/** Waits until each worker has really ended: then its lock is free. What an owner has is not a worker's. */
async function ended() {
  for (;;) {
    const { held, pending } = await navigator.locks.query();
    const names = new Set([...held, ...pending].map(({ name }) => name).filter((name) => /^wasm-mt (?!owner)/.test(name)));
    if (names.size === 0) return;
    chaos.say(`${names.size} workers still hold their locks, and ${workers.size} were not ended`);
    await Promise.all([...names].map((name) => navigator.locks.request(name, () => {})));
  }
}

/** What there is, once what was ended has ended. */
async function figures(glue) {
  const limit = chaos.deadline(LONG);
  const inTime = await Promise.race([ended().then(() => true), limit.over.then(() => false)]);
  limit.cancel();
  if (!inTime) throw new Error(`after ${LONG} ms: ${document.body.innerText}`);
  // Who waited for those locks is told in tasks of their own, of which this is the last.
  await chaos.pause(0);
  const [allocations, bytes, references, pages] = glue.figures();
  const figures = { workers: workers.size, blobs: blobs.size, allocations, bytes, references, pages };
  if (globalThis.gc && performance.memory) {
    // A wrapper that only a finalizer lets go is gone with the second.
    for (let round = 0; round < 3; round++) {
      gc();
      await chaos.pause(0);
    }
    figures.heap = performance.memory.usedJSHeapSize;
  }
  return figures;
}

/** What is not back where it was. */
function differences(before, after) {
  return Object.keys(before).filter((name) => {
    const grown = after[name] - before[name];
    return name in SLACK ? grown > SLACK[name] : grown !== 0;
  });
}

async function run(query) {
  const { default: init, ...glue } = await import("./pkg/chaos.js");
  await init();
  const seed = BigInt(query.get("seed"));
  const checkpoint = query.has("checkpoint");
  await glue.warm_up(seed, checkpoint);
  const before = await figures(glue);
  const told = await glue.soak(seed, Number(query.get("seconds")), checkpoint);
  const after = await figures(glue);
  const text = `${told}; workers: ${made} made, ${killed} killed; before ${JSON.stringify(before)}; after ${JSON.stringify(after)}`;
  const differ = differences(before, after);
  if (differ.length) throw new Error(`not back where they were: ${differ.join(", ")}; ${text}`);
  await glue.goes_on();
  return text;
}

const query = new URLSearchParams(location.search);
let outcome;
try {
  outcome = { ok: true, text: await run(query) };
} catch (error) {
  outcome = { ok: false, text: String(error?.message ?? error) };
}
chaos.say(outcome.text);
await fetch(query.get("outcome"), { method: "POST", body: JSON.stringify(outcome) });
