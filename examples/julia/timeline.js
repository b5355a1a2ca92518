// Who rendered what when, in the last run of each kind: a lane for each worker, a block for each tile. A block has the colour of the
// worker in whose share it was; one that another worker took is lower than the rest.

import { $, create, ms, plural, svg } from "./dom.js";

export const HEIGHT = 10;
const LOWER = 6; // of a block that was taken

/** A mode, as people call it. */
export const called = (mode) => ({ serial: "One thread", "static-split": "Static split", "work-stealing": "Work stealing" })[mode];

export class Timeline {
  #runs = [];

  constructor() {
    $("timeline-run").addEventListener("change", () => this.#draw());
  }

  /** Offers the runs of a report, and shows the last: work stealing, by all workers. */
  show(report) {
    this.#runs = report.timelines;
    const name = (run) => (run.workers ? `${called(run.mode)}, ${plural(run.workers, "worker")}` : called(run.mode));
    $("timeline-run").replaceChildren(...this.#runs.map((run, value) => create("option", { value }, name(run))));
    $("timeline-run").value = String(this.#runs.length - 1);
    this.#draw();
  }

  #draw() {
    const run = this.#runs[Number($("timeline-run").value)];
    // Both ways with as many workers on one scale, so that they can be compared; the one thread on its own.
    const alike = this.#runs.filter((other) => other.workers === run.workers);
    const span = Math.max(...alike.map((other) => other.millis));
    const lanes = Array.from({ length: Math.max(run.workers, 1) }, (_, worker) => lane(run, worker, span));
    $("timeline").replaceChildren(...lanes.flat(), create("span", {}, ""), create("span", { className: "scale" }, create("span", {}, "0"), create("span", {}, ms(span))));
  }
}

/** The lane of a worker, with its name before it. */
export function lane(run, worker, span) {
  const blocks = run.blocks.filter((block) => block.worker === worker);
  const stolen = blocks.filter((block) => block.home !== worker);
  const busy = blocks.reduce((sum, block) => sum + block.to - block.from, 0);
  const name = run.workers ? `worker ${worker + 1}` : "the page";
  const said = `${name}: ${plural(blocks.length, "tile")}, ${stolen.length} of them taken from others, ${ms(busy)} at work`;
  // One path for all blocks of a colour: there may be thousands.
  const path = (of, home, top) => {
    const d = of.filter((block) => block.home === home).map(({ from, to }) => {
      // A hair's breadth is left between two blocks.
      const width = Math.max(to - from - span / 1500, span / 1500);
      return `M${from.toFixed(2)} ${top}h${width.toFixed(2)}V${HEIGHT}h${(-width).toFixed(2)}z`;
    }).join("");
    const drawn = svg("path", { d });
    if (run.workers) drawn.style.setProperty("--thread", `var(--thread-${home})`);
    return drawn;
  };
  const homes = [...new Set(blocks.map((block) => block.home))];
  const own = blocks.filter((block) => block.home === worker);
  const paths = homes.flatMap((home) => (home === worker ? [path(own, home, 0)] : [path(stolen, home, HEIGHT - LOWER)]));
  return [
    create("span", {}, name),
    svg("svg", { viewBox: `0 0 ${span} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": said }, svg("title", {}, said), ...paths),
  ];
}
