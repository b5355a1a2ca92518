// The benchmark's controls, and what it shows: the runs as they go (Rust calls `begin`, `tile` and `measured`, see `Watcher` in `src/measure.rs`),
// and in the end table, chart and timeline.

import { $, create, messageOf, ms, plural } from "./dom.js";
import { chart } from "./chart.js";
import { Timeline, called } from "./timeline.js";

export class Bench {
  #wasm;
  #workers;
  #explorer;
  #benchmark;
  #timeline = new Timeline();
  #marks = $("marks").getContext("2d");
  #colours = [];
  #urls = [];
  #round = 0;
  #runs = 0;
  #most = 0; // workers

  constructor(wasm, workers, explorer) {
    this.#wasm = wasm;
    this.#workers = workers;
    this.#explorer = explorer;
    this.#benchmark = new wasm.Benchmark();
    const style = getComputedStyle($("marks"));
    this.#colours = Array.from({ length: 8 }, (_, worker) => style.getPropertyValue(`--thread-${worker}`));
    this.#colours.page = style.getPropertyValue("--page");
    $("bench").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    $("stop").addEventListener("click", () => this.#benchmark.stop());
    this.expect(workers.count);
    $("outlines").addEventListener("change", () => { $("marks").hidden = !$("outlines").checked; });
  }

  /** Shows what could be had at best from so many workers. */
  expect(workers) {
    this.#most = workers;
    this.#figures([]);
    $("when").hidden = true;
  }

  enable(idle) {
    for (const id of ["size", "bench-iterations", "tile", "workers", "runs", "run", "block", "fabric"]) $(id).disabled = !idle;
  }

  say(state, text) {
    $("status").textContent = text;
    $("status").dataset.state = state;
  }

  /** Does `work` with the controls locked, and shows why it failed if it did. */
  async locked(work) {
    // A control that is disabled loses the focus; it gets it back, unless that has gone elsewhere.
    const before = document.activeElement;
    this.enable(false);
    try {
      await work();
    } catch (error) {
      this.say("failed", `failed: ${messageOf(error)}`);
    } finally {
      // Asked before Stop is disabled: browsers differ in when that takes its focus.
      const now = document.activeElement;
      $("stop").disabled = true;
      $("now").textContent = "";
      this.enable(true);
      const next = now === $("stop") ? $("run") : before;
      // The reader may have scrolled away.
      if (now === $("stop") || now === document.body) next?.focus({ preventScroll: true });
    }
  }

  async #run() {
    const value = (id) => Number($(id).value);
    const view = this.#explorer.square(value("size"), value("bench-iterations"));
    const settings = { view: JSON.parse(view), tile: value("tile"), workers: value("workers"), runs: value("runs") };
    this.#offer(null);
    this.#explorer.hold();
    this.#round = 0;
    this.#runs = settings.runs;
    this.expect(settings.workers);
    const focused = document.activeElement === $("run");
    await this.locked(async () => {
      $("stop").disabled = false;
      // A disabled button would lose the focus to nothing.
      if (focused) $("stop").focus();
      this.say("busy", "running");
      try {
        const report = await this.#benchmark.run(this.#workers, $("bench-view"), JSON.stringify(settings), this);
        if (report) await this.#done(JSON.parse(report));
        else this.say("stopped", "stopped: press Run to begin again");
      } finally {
        this.#explorer.release();
      }
    });
  }

  begin(mode, workers, number, of) {
    const round = 1 + Math.floor(number * this.#runs / of);
    if (round !== this.#round) this.say("busy", `running: round ${round} of ${this.#runs}`);
    this.#round = round;
    $("now").textContent = mode === "serial" ? "one thread" : `${mode}, ${plural(workers, "worker")}`;
    $("progress").value = number / of;
    const { width, height } = $("bench-view");
    Object.assign($("marks"), { width, height });
    this.#marks.lineWidth = Math.max(1, width / 800);
  }

  tile(x, y, width, height, worker, stolen) {
    const marks = this.#marks;
    const half = marks.lineWidth / 2;
    marks.strokeStyle = worker === undefined ? this.#colours.page : this.#colours[worker % 8];
    marks.strokeRect(x + half, y + half, width - 2 * half, height - 2 * half);
    if (!stolen) return;
    marks.beginPath();
    marks.moveTo(x, y + height);
    marks.lineTo(x + width, y);
    marks.stroke();
  }

  measured(json) {
    this.#figures(JSON.parse(json));
  }

  /** Shows rows of a report: of all runs, or of those that have been made. */
  #figures(rows) {
    const best = (mode) => rows.findLast((row) => row.mode === mode && row.workers === this.#most);
    const text = (row, words) => (row ? words(row) : "–");
    const [fixed, stealing] = [best("static-split"), best("work-stealing")];
    $("speed-stealing").textContent = text(stealing, (row) => `${row.speed_up.toFixed(2)} ×`);
    $("speed-static").textContent = text(fixed, (row) => `${row.speed_up.toFixed(2)} ×`);
    $("serial-ms").textContent = text(rows[0], (row) => ms(row.median));
    for (const name of document.querySelectorAll(".with-workers")) name.textContent = plural(this.#most, "worker");
    $("details").hidden = rows.length === 0;
    $("results").tBodies[0].replaceChildren(...rows.map(line));
    chart($("chart"), rows.slice(1), this.#most, this.#wasm.cores());
    return [fixed, stealing];
  }

  async #done(report) {
    $("progress").value = 1;
    const [fixed, stealing] = this.#figures(report.rows);
    this.#timeline.show(report);
    $("when").hidden = false;
    await this.#offer(report);
    this.say("done", `done: with ${plural(stealing.workers, "worker")}, work stealing is ${stealing.speed_up.toFixed(2)} times as fast as one thread, ` +
      `a static split ${fixed.speed_up.toFixed(2)} times; all pictures are the same, byte by byte`);
  }

  /** Offers a report and its picture to be saved; or, where there is none, nothing. */
  async #offer(report) {
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url);
    const links = [$("save-json"), $("save-png")];
    for (const link of links) {
      link.removeAttribute("href");
      link.setAttribute("aria-disabled", "true");
    }
    if (!report) return;
    const about = {};
    for (const name of $("about").querySelectorAll("dt")) about[name.textContent] = name.nextElementSibling.textContent;
    const png = await new Promise((resolve) => $("bench-view").toBlob(resolve, "image/png"));
    const json = new Blob([JSON.stringify({ about, ...report }, null, 1)], { type: "application/json" });
    for (const [link, blob] of [[links[0], json], [links[1], png]]) {
      // The browser may make no picture.
      if (!blob) continue;
      this.#urls.push(link.href = URL.createObjectURL(blob));
      link.removeAttribute("aria-disabled");
    }
  }
}

/** A row of the table. */
function line(row) {
  const cell = (text) => create("td", { className: "number" }, text);
  const [least, most] = [row.least, row.most].map((time) => ms(time).replace(" ms", ""));
  return create("tr", {},
    create("th", { scope: "row" }, called(row.mode)),
    cell(row.workers || "–"),
    cell(ms(row.median)),
    cell(`${least} – ${most}`),
    cell(`${row.speed_up.toFixed(2)} ×`),
    cell(row.workers ? `${Math.round(row.efficiency * 100)} %` : "–"),
    cell(row.mode === "work-stealing" ? row.stolen : "–"),
  );
}
