// The worker that calls rayon, and waits for it.

let exports;
let parcels;

const calls = {
  async start({ glue, module, workers }) {
    exports = await import(glue);
    await exports.default({ module_or_path: module });
    await exports.initThreadPool(workers);
    return exports.answers();
  },

  load(what, length) {
    parcels?.free();
    parcels = exports.Parcels[what](length);
  },

  trip: (n) => exports.trip(n),
  empty: (count) => exports.empties(count),
  julia: () => exports.picture(),
  skewed: (turns) => exports.skewed(turns),
  bytes: () => exports.pass(parcels),
  areBytes: (length) => parcels.areBytes(length),

  pictures() {
    exports.develop_all(parcels);
    return Array.from({ length: parcels.count() }, (_, at) => parcels.take(at));
  },
};

onmessage = async ({ data: [name, ...args] }) => {
  try {
    const result = await calls[name](...args);
    const arrays = [result].flat().filter((value) => value instanceof Uint8Array);
    postMessage({ result }, arrays.map(({ buffer }) => buffer));
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
