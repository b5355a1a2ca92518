// The peers, by the names that their rows have. Each is a module of `peers/` with
//   fabric            how its jobs travel: "post" or "shared";
//   prepare()         loads what is loaded once, before anything is timed (not all have it);
//   start(settings)   resolves when each worker has given its first answer of wasm, to
//     { answers,                  what they answered, which is not asked of those that are never timed,
//       load(what, length),       makes parcels, `bytes` or `photos`, outside of what is timed,
//       trips(n), empty(n), julia(), pictures(parcels), skewed(turns), bytes(parcels, times),
//       areBytes(parcels, length), end() }.
// Those of the group `shared` are in `shared.js`, and what they call is in `peers/both.js`.
// The settings are { workers, module, glue, only }: `only` is "start" where nothing follows the start.

export const PEERS = {
  "floor": "floor",
  "wasm-mt": "wasm-mt",
  "wasm-mt spawn": "wasm-mt-spawn",
  "wasm-mt thread": "wasm-mt-thread",
  "wasm-mt shared": "wasm-mt-shared",
  "wasm-mt post": "wasm-mt-post",
  "wasmworker": "wasmworker",
  "workerpool": "workerpool",
  "poolifier-web-worker": "poolifier",
  "wasm-bindgen-rayon": "rayon",
  "notify by hand": "by-hand",
};

// Those that are measured in whatever they can do: the others are for one workload each.
export const ALL = Object.keys(PEERS).filter((name) => !name.startsWith("wasm-mt ") && !name.endsWith("by hand"));

// What hangs is given up on.
const DEADLINE = 20_000;

export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within ${DEADLINE / 1000} s`)), DEADLINE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// One of them, which is started when it is needed. `absent` is why it cannot be.
export class Peer {
  constructor(name, settings, absent) {
    this.name = name;
    this.settings = settings;
    this.absent = absent;
  }

  // Loads it. That it does not load is its rows' reason.
  async prepare() {
    this.module = await import(`./peers/${PEERS[this.name]}.js`);
    this.fabric = this.module.fabric;
    if (this.absent) return;
    try {
      await within(this.module.prepare?.(), "loading");
    } catch (error) {
      this.absent = words(error);
    }
  }

  start(settings) {
    return this.module.start({ ...this.settings, ...settings });
  }

  // One that comes when nobody waits any more is ended.
  async startWithin(settings) {
    const starting = this.start(settings);
    try {
      return await within(starting, "start");
    } catch (error) {
      starting.then((late) => late.end(), () => {});
      throw error;
    }
  }

  // The one that does all workloads but starts.
  async running(workers) {
    this.started ??= await this.startWithin({ workers });
    return this.started;
  }

  // Whatever it is at is over.
  end() {
    const { started } = this;
    this.started = undefined;
    try {
      started?.end();
    } catch {
      // A call that has not ended holds it: it ends with the page.
    }
  }
}

export const words = (error) => String(error?.message ?? error);
