// The images page: takes files, has them developed by workers or here, and shows how the page fares meanwhile.
//
// Query: `draw=worker|page`, `workers=N`, `pictures=N`; and for a run without a hand on it `report=URL` (see `automate`).

import init, * as wasm from "./pkg/images.js";
import { FELT, Frames } from "./frames.js";
import { whoDraws } from "./handover.js";
import { Tile, create } from "./tile.js";

const MAX_WORKERS = 8;
const WARM = 8; // pictures to warm up with
const OFTEN = 100; // ms between two looks at what goes on

const query = new URLSearchParams(location.search);
const $ = (id) => document.getElementById(id);

const samples = Math.min(Math.max(Math.trunc(Number(query.get("pictures"))) || 20, 1), 1000);

const frames = new Frames($("graph"));
const tiles = [];
let workers = null; // of the wasm: started once, and again when another number is asked for
let workersDraw = false;
let working = false; // on what was asked for last; nothing else begins meanwhile
let run = null; // while there is one
let begun = 0;
let looked = 0;

async function main() {
  try {
    const [{ workersDraw: asked, why }] = await Promise.all([whoDraws(query.get("draw")), init()]);
    drawnBy(asked, why);
    const wanted = Number(query.get("workers")) || wasm.defaultWorkers();
    $("workers").value = Math.min(Math.max(Math.trunc(wanted), 1), MAX_WORKERS);
    $("samples").textContent = `Make ${plural(samples, "test picture")}`;
    listen();
    await frames.tick(look);
    enable(true);
    say("ready", "ready: drop pictures here, or make some");
  } catch (error) {
    await fail(error);
    return;
  }
  if (query.has("report")) await automate().catch(fail);
}

function listen() {
  $("files").addEventListener("change", () => {
    const files = [...$("files").files];
    // So that the same files can be chosen again.
    $("files").value = "";
    take(files);
  });
  for (const over of ["dragenter", "dragover"]) {
    document.addEventListener(over, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      $("drop").dataset.over = "";
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) delete $("drop").dataset.over;
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    delete $("drop").dataset.over;
    take([...event.dataTransfer.files]);
  });
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  $("samples").addEventListener("click", () => busy(async () => develop(add(await makeSamples()))));
  $("broken").addEventListener("click", () => take(brokenFiles()));
  $("again").addEventListener("click", () => busy(() => develop(tiles)));
  $("cancel").addEventListener("click", () => {
    // Those that came while the run was on are not in it.
    for (const tile of tiles) if (!run.tiles.includes(tile) && tile.state === "waiting") tile.fail(true, "cancelled");
    run.cancelAll();
  });
  $("clear").addEventListener("click", () => {
    clear();
    enable(true);
    say("ready", "ready: drop pictures here, or make some");
  });
}

/** Shows files, and has them developed: at once, or after the run that goes on or is about to begin. */
function take(files) {
  const added = add(files);
  if (added.length > 0 && !working) busy(() => develop(added));
}

function add(files) {
  const hooks = {
    stageOf: wasm.stageOf,
    cancel: (tile) => {
      const index = run?.tiles.indexOf(tile) ?? -1;
      if (index >= 0) run.cancel(index);
      else tile.fail(true, "cancelled");
    },
    ended: () => {
      if (!run) return;
      run.ended += 1;
      weigh();
    },
  };
  const added = files.map((file) => new Tile(file, hooks));
  tiles.push(...added);
  $("tiles").append(...added.map((tile) => tile.element));
  return added;
}

function clear() {
  tiles.length = 0;
  $("tiles").replaceChildren();
}

async function makeSamples() {
  await startWorkers();
  const files = [];
  say("busy", `making ${plural(samples, "test picture")}`);
  await workers.samples(samples, (name, bytes) => {
    files.push(new File([bytes], name));
    say("busy", `making test pictures: ${files.length} of ${samples}`);
  });
  return files;
}

function brokenFiles() {
  const names = ["damaged.jpg", "absurd.png"];
  return wasm.brokenFiles().map((bytes, i) => new File([bytes], names[i]));
}

async function startWorkers() {
  const count = Number($("workers").value);
  if (workers?.count === count) return;
  workers?.free();
  workers = null;
  say("busy", `starting ${plural(count, "worker")}`);
  workers = await wasm.Workers.start(count);
}

/** From now on the workers draw, or the page. */
function drawnBy(them, why) {
  workersDraw = them;
  $("draws").textContent = `Thumbnails are drawn by the ${them ? "workers" : "page"}, ${why}.`;
}

/** One run, and then another one of what came meanwhile. Gives the figures of the first. */
async function develop(asked) {
  const onPool = $("by-pool").checked;
  for (const tile of asked) tile.reset();
  if (onPool) await startWorkers();
  const by = onPool ? plural(workers.count, "worker") : "the main thread";
  // But for those that were cancelled by now.
  const list = asked.filter((tile) => tile.state === "waiting");
  const going = new wasm.Run(list);
  run = {
    tiles: list,
    ended: 0,
    most: { all: 0, one: 0 },
    cancel: (index) => going.cancel(index),
    cancelAll: () => going.cancelAll(),
  };
  enable(false);
  say("busy", `${plural(list.length, "picture")} by ${by}`);
  frames.begin();
  begun = performance.now();
  await (onPool ? going.onPool(workers, workersDraw) : going.onPage());
  const ms = performance.now() - begun;
  const figures = { ms, ...frames.end(), by: onPool ? "pool" : "page", ticks: frames.by, ...count(run.tiles), page_memory: wasm.pageMemory() };
  // Seen in WebKitGTK 2.50: the page waits for workers that have many of its canvases and are at work. No probe has shown it.
  if (onPool && workersDraw && !query.get("draw") && figures.p99 > FELT) {
    drawnBy(false, "as frames came late while the workers drew");
  }
  if (onPool) Object.assign(figures, { workers_memory: run.most.all, worker_memory: run.most.one });
  looked = 0;
  look();
  record(by, figures);
  const came = tiles.filter((tile) => tile.state === "waiting" && !run.tiles.includes(tile));
  run = null;
  going.free();
  if (came.length > 0) await develop(came);
  else say("done", `done: ${inWords(figures)} by ${by} in ${seconds(ms)}`);
  return figures;
}

const count = (list) => {
  const are = (state) => list.filter((tile) => tile.state === state).length;
  return { done: are("done"), failed: are("failed"), cancelled: are("cancelled") };
};

const inWords = ({ done, failed, cancelled }) =>
  plural(done, "picture") + (failed ? `, ${failed} refused` : "") + (cancelled ? `, ${cancelled} cancelled` : "");

/** Notes the most memory that the workers had in this run, all together and one of them. A worker tells with its jobs. */
function weigh() {
  const memory = [...(workers?.memory() ?? [])];
  run.most.all = Math.max(run.most.all, memory.reduce((sum, one) => sum + one, 0));
  run.most.one = Math.max(run.most.one, ...memory);
}

/** Adds a run to the table. */
function record(by, figures) {
  const cell = (text) => create("td", { className: "number" }, text);
  $("runs").prepend(create("tr", {},
    create("th", { scope: "row" }, by),
    create("td", {}, inWords(figures)),
    cell(seconds(figures.ms)), cell(millis(figures.longest)), cell(millis(figures.p99)),
  ));
  $("table").hidden = false;
}

/** Shows how things are. Not after each frame: showing takes time, too. */
function look() {
  const now = performance.now();
  if (run && now - looked < OFTEN) return;
  if (!run && now - looked < 2 * OFTEN) return;
  looked = now;
  $("last").textContent = millis(frames.last);
  $("longest").textContent = millis(frames.longest);
  if (run) {
    $("count").textContent = `${run.ended} of ${run.tiles.length}`;
    $("time").textContent = seconds(now - begun);
  }
  $("memory-workers").textContent = workers ? megabytes([...workers.memory()].reduce((sum, one) => sum + one, 0)) : "–";
  $("memory-page").textContent = megabytes(wasm.pageMemory());
  frames.draw();
}

/** Runs `work` with the controls locked, and shows why it failed if it did. */
async function busy(work) {
  working = true;
  enable(false);
  try {
    await work();
  } catch (error) {
    run = null;
    await fail(error);
  } finally {
    working = false;
    enable(true);
  }
}

function enable(idle) {
  for (const id of ["workers", "by-pool", "by-page", "samples", "broken"]) $(id).disabled = !idle;
  $("again").disabled = $("clear").disabled = !idle || tiles.length === 0;
  $("cancel").disabled = !run;
}

/**
 * Makes the pictures, has a fresh pool develop them and then the main thread, and posts the figures of both. Each gets a few
 * beforehand, as engines translate a module better while it runs.
 */
async function automate() {
  const files = await makeSamples();
  workers.free();
  workers = null;
  const developBy = async (way, list) => {
    $(way).checked = true;
    let figures;
    await busy(async () => { figures = await develop(list); });
    if (figures?.done !== list.length) throw new Error(`${way}: ${$("status").textContent}`);
    return figures;
  };
  const runs = [];
  // The pool first and to the end: what memory the page needs for that is seen only before it needs more.
  for (const way of ["by-pool", "by-page"]) {
    clear();
    await developBy(way, add(files.slice(0, WARM)));
    clear();
    runs.push(await developBy(way, add(files)));
  }
  await post({
    engine: navigator.userAgent,
    pictures: files.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    workers: workers.count,
    workers_draw: workersDraw,
    runs,
  });
}

async function post(body) {
  const answer = await fetch(query.get("report"), { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${query.get("report")} answered ${answer.status}`);
}

async function fail(error) {
  const text = String(error?.message ?? error);
  say("failed", `failed: ${text}`);
  if (query.has("report")) await post({ error: text });
}

function say(state, text) {
  $("status").textContent = text;
  $("status").dataset.state = state;
}

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const millis = (ms) => (Number.isNaN(ms) ? "–" : `${Math.round(ms)} ms`);
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;

main();
