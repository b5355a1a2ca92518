// How jobs travel, to be chosen; and what becomes of a picture in whose middle the page's own thread is blocked. Rust makes it
// (`src/blocked.rs`); here is what is shown of it.

import { $, create, messageOf, ms, plural, svg } from "./dom.js";
import { HEIGHT, lane } from "./timeline.js";

const SIDE = 640; // pixels of the picture
const STEPS = 2000;
const TILE = 32;
const BLOCKED = 2000; // ms

export class Block {
  #workers;
  #explorer;
  #bench;

  constructor(workers, explorer, bench) {
    this.#workers = workers;
    this.#explorer = explorer;
    this.#bench = bench;
    $("block").addEventListener("click", () => this.#run());
  }

  #say(state, text) {
    $("block-status").textContent = text;
    $("block-status").dataset.state = state;
  }

  async #run() {
    this.#explorer.hold("this page is blocked");
    this.#say("busy", "the workers have begun");
    $("block-lanes").hidden = true;
    await this.#bench.locked(async () => {
      try {
        const view = this.#explorer.square(SIDE, STEPS);
        this.#show(JSON.parse(await this.#workers.block($("block-view"), view, TILE, BLOCKED, () => this.#blocks())));
      } catch (error) {
        this.#say("failed", `failed: ${messageOf(error)}`);
      } finally {
        this.#explorer.release();
      }
    });
  }

  /** Says what comes, and waits until that can be seen. */
  #blocks() {
    this.#say("busy", `blocked for ${BLOCKED / 1000} s: until then nothing on this page moves`);
    return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  }

  #show(report) {
    const [begin, end] = report.blocked;
    const [before, during, after] = report.tiles;
    const all = before + during + after;
    const span = Math.max(report.millis, end);
    const blocked = () => svg("rect", { class: "blocked", x: begin, y: 0, width: end - begin, height: HEIGHT });
    const page = svg("svg", { viewBox: `0 0 ${span} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `this page's thread: blocked from ${ms(begin)} to ${ms(end)}` }, blocked());
    const lanes = Array.from({ length: report.workers }, (_, worker) => lane(report, worker, span));
    for (const [, drawn] of lanes) drawn.prepend(blocked());
    $("block-lanes").replaceChildren(create("span", {}, "this page"), page, ...lanes.flat(), create("span", {}, ""),
      create("span", { className: "scale" }, create("span", {}, "0"), create("span", {}, ms(span))));
    $("block-lanes").hidden = false;
    $("block-lanes").dataset.report = JSON.stringify({ ...report, blocks: undefined });
    const meanwhile = `${during} of ${plural(all, "tile")} while this thread was blocked`;
    if (before === all) this.#say("done", "done before this thread was blocked, which was not to be: zoom in to where the picture takes longer, and try again");
    else this.#say("done", report.fabric === "shared"
      ? `done: the workers rendered ${meanwhile}` + (after ? `, and ${after} afterwards` : `, and had the picture finished ${ms(end - report.millis)} before it was free again`) +
        ": their jobs lay in shared memory, where they took them by themselves"
      : `done: the workers rendered ${meanwhile}, and ${after} afterwards: by messages a worker has no more than it was sent, and this thread, which sends the rest, was blocked`);
  }
}

/** Shows how jobs travel, and why not otherwise. A choice opens the page anew. */
export async function showFabric(fabric) {
  const query = new URLSearchParams(location.search);
  const select = $("fabric");
  const wanted = query.get("fabric");
  if ([...select.options].some(({ value }) => value === wanted)) select.value = wanted;
  select.addEventListener("change", () => open("fabric", select.value));
  $("fabric-now").textContent = fabric === "shared" ? "through shared memory" : "by messages";
  $("fabric-now").dataset.fabric = fabric;
  const can = crossOriginIsolated && typeof SharedArrayBuffer !== "undefined";
  select.querySelector("[value=shared]").disabled = !can;
  $("fabric-why").hidden = can;
  if (can) return;
  $("fabric-why-not").textContent = crossOriginIsolated
    ? "This page is cross-origin isolated, but this browser gives it no SharedArrayBuffer."
    : "Shared memory needs a page that is cross-origin isolated, and this one is not: it came without the two headers that say so.";
  if (!crossOriginIsolated && await isolates()) {
    $("isolate").hidden = false;
    $("isolate").addEventListener("click", (event) => {
      event.preventDefault();
      open("isolated", "");
    });
  }
}

/** The server sends the headers where it is asked to, as `cargo xtask demo` does. */
async function isolates() {
  const answer = await fetch("?isolated", { method: "HEAD" }).catch(() => null);
  return Boolean(answer?.headers.has("cross-origin-opener-policy"));
}

/** The page with something else in its query. */
function open(name, value) {
  const url = new URL(location.href);
  url.searchParams.set(name, value);
  location.assign(url);
}
