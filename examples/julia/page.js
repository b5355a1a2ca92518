// The julia page: starts the workers, and puts explorer and benchmark together. What is drawn and measured is Rust's affair.
//
// Query: `workers=N`; `fabric=auto`, `shared` or `post`, how jobs travel; `isolated`, which asks the server to isolate the page; and
// for a run without a hand on it `report=URL` (see report.js). The fragment keeps the view.

import init, * as wasm from "./pkg/julia.js";
import { $, choose, messageOf, plural } from "./dom.js";
import { Explorer } from "./explorer.js";
import { Bench } from "./bench.js";
import { Block, showFabric } from "./block.js";
import { report, post } from "./report.js";

const MAX_WORKERS = 8;

const query = new URLSearchParams(location.search);

async function main() {
  try {
    await init();
    const wanted = Number(query.get("workers")) || wasm.defaultWorkers();
    choose($("workers"), Math.min(Math.max(Math.trunc(wanted), 1), MAX_WORKERS));
    const workers = await wasm.Workers.start(Number($("workers").value), query.get("fabric") ?? "auto");
    about(workers.fabric);
    showFabric(workers.fabric);
    const explorer = new Explorer(wasm, workers);
    const bench = new Bench(wasm, workers, explorer);
    $("workers").addEventListener("change", () => bench.locked(async () => {
      const count = Number($("workers").value);
      bench.say("busy", `starting ${plural(count, "worker")}`);
      await workers.resize(count);
      bench.expect(count);
      bench.say("ready", `ready: ${plural(count, "worker")}; press Run`);
    }));
    new Block(workers, explorer, bench);
    bench.enable(true);
    bench.say("ready", `ready: ${plural(workers.count, "worker")}; press Run`);
    if (query.has("report")) await post(query.get("report"), await report(explorer, workers));
  } catch (error) {
    const text = messageOf(error);
    $("status").textContent = $("view-status").textContent = `failed: ${text}`;
    $("status").dataset.state = "failed";
    $("view").dataset.state = "failed";
    if (query.has("report")) await post(query.get("report"), { error: text });
  }
}

function about(fabric) {
  $("about-fabric").textContent = fabric === "shared" ? "shared memory, and messages for what cannot lie in it" : "messages; nothing is shared";
  $("about-isolation").textContent = crossOriginIsolated ? "this page is cross-origin isolated" : "none: this page needs no header";
  $("about-browser").textContent = navigator.userAgent;
  $("about-cores").textContent = String(wasm.cores());
  $("about-version").textContent = wasm.version();
}

main();
