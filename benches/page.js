// Runs the benchmark, shows how far it is, and posts its figures: `cargo xtask bench` reads them, no driver is attached. The query
// says which `workload`, all without it, how many rounds by `least`, `most` and `seconds`, and where to `report`. Opened by hand, it
// shows the medians.

import init, { band, bandCount } from "./pkg/benches.js";
import { PEERS, Peer } from "./peers.js";
import { measured } from "./rounds.js";
import { workloads } from "./workloads.js";

const query = new URLSearchParams(location.search);

const glue = new URL("./pkg/benches.js", import.meta.url).href;
const wasm = new URL("./pkg/benches_bg.wasm", import.meta.url).href;

function show(text) {
  document.querySelector("#status").textContent = text;
}

function median(rounds) {
  const sorted = rounds.filter((figure) => figure !== null).sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

async function report() {
  const module = await WebAssembly.compileStreaming(fetch(wasm));
  await init({ module_or_path: module });
  // Which peers could not be fetched or built, and why.
  const absent = await (await fetch("./absent.json")).json();
  const all = new Map(Object.keys(PEERS).map((name) => [name, new Peer(name, { module, glue }, absent[name])]));
  for (const peer of all.values()) {
    show(`loading ${peer.name}`);
    await peer.prepare();
  }
  show("the answers, by the page itself");
  const picture = new Uint8Array(await new Blob(Array.from({ length: bandCount() }, (_, at) => band(at))).arrayBuffer());

  const limits = Object.fromEntries(["least", "most", "seconds"].map((name) => [name, Number(query.get(name) ?? 3)]));
  const figures = [];
  for (const workload of await workloads(query.get("workload"), { picture })) {
    figures.push(await measured(workload, all, limits, show));
  }
  for (const peer of all.values()) peer.end();
  return { workloads: figures, engine: navigator.userAgent, isolated: crossOriginIsolated };
}

let posted;
try {
  posted = await report();
  show(posted.workloads.map(({ name, unit, workers, peers }) =>
    [`${name}, ${workers} workers, ${unit}`, ...peers.map(({ peer, rounds, reason }) =>
      `  ${peer}: ${reason ?? median(rounds).toFixed(2)}`)].join("\n")).join("\n"));
} catch (error) {
  posted = { error: String(error) };
  show(posted.error);
}
const to = query.get("report");
if (to) await fetch(to, { method: "POST", body: JSON.stringify(posted) });
