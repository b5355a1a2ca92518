// Runs the case, or the fault, that the page's query names and posts what came out: {ok, text} to the query's `outcome`. Without a
// case it posts the names of all. `load` gives the exports of the initialized glue; it differs by kind of glue.
//
// What goes wrong where nobody awaits it is written on the page: the harness reads that when nothing is posted.

addEventListener("error", (event) => note(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => note(`unhandled rejection: ${event.reason}`));

function note(text) {
  document.body.append(text, document.createElement("br"));
}

async function runCase(load) {
  const query = new URLSearchParams(location.search);
  let outcome;
  try {
    // The module may be served elsewhere than beside the glue.
    const glue = await load(query.get("glue"), query.get("wasm") ?? undefined);
    breakThings(query.get("break")?.split(" ") ?? []);
    outcome = { ok: true, text: await run(glue, query) };
  } catch (error) {
    outcome = { ok: false, text: String(error) };
  }
  note(`${outcome.ok ? "ok" : "failed"}: ${outcome.text}`);
  await fetch(query.get("outcome"), { method: "POST", body: JSON.stringify(outcome) });
}

async function run(glue, query) {
  const name = query.get("case");
  if (name) return glue.run_case(name);
  const fault = query.get("fault");
  if (fault === "list") return glue.list_faults();
  if (fault === "all") return glue.run_all_faults(query.get("on"));
  if (fault) return glue.run_fault(fault, query.get("on"));
  return glue.case_names().join(" ");
}

// What faults come of that the program itself cannot cause. All workers of this page, while they may live:
const workers = [];
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    workers.push(this);
  }
};

function killWorkers() {
  for (const worker of workers.splice(0)) worker.terminate();
}

function postStrangeMessages() {
  for (const worker of workers) {
    for (const message of ["text", null, [], [1, 1, new Uint8Array(9)], [NaN], { 0: 1 }]) worker.postMessage(message);
  }
}

function letRepliesGo() {
  for (const worker of workers) worker.postMessage("go");
}

// Takes a property away, behind which there may be one of the prototype, and gives what brings it back.
function takeAway(object, name) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value: undefined, configurable: true });
  return () => (before ? Object.defineProperty(object, name, before) : delete object[name]);
}

const takeWorkersAway = () => takeAway(globalThis, "Worker");
const takeLocksAway = () => takeAway(navigator, "locks");

function passAllScriptUrls() {
  globalThis.trustedTypes?.createPolicy("default", { createScriptURL: (url) => url });
}

// Takes from the page what some browser or policy may not give it.
function breakThings(names) {
  if (names.includes("clone")) {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (Array.isArray(message) && message.some((value) => value instanceof WebAssembly.Module)) {
        throw new DOMException("a module is not cloned here", "DataCloneError");
      }
      return postMessage.call(this, message, ...rest);
    };
  }
  if (names.includes("fetch")) {
    const { fetch } = window;
    window.fetch = (url, ...rest) =>
      new URL(url, location).pathname.endsWith(".wasm") ? Promise.reject(new TypeError("no fetch here")) : fetch(url, ...rest);
  }
}
