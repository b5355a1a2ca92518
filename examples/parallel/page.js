// The parallel page: starts the runs, puts parts on the canvas as they come, measures, and shows what it measured.
// The canvas gets the renderer's pixels and nothing else; marks and captions lie beside or over it, in HTML.
//
// Query: `threads=N`, `by=exec`, `glue=no-modules`; and for a run without a hand on it `report=URL`, with `canvas=URL` for the PNG (see
// `automate`).

import { load } from "../classic.js";

const SIDE = 800;
const TITLES = ["The whole set", "A spiral", "A bay", "An arm"];
const MAX_THREADS = 8;

const query = new URLSearchParams(location.search);
const $ = (id) => document.getElementById(id);
// Kept by the CPU: pixels are put and read here, and never composed.
const context = $("canvas").getContext("2d", { willReadFrequently: true });

// With nobody there, marks and progress wait for the end of a run: repainting them takes time from the threads.
const watched = !query.has("report");
const lively = watched && !matchMedia("(prefers-reduced-motion: reduce)").matches;

let wasm;
let glueUrl;
let threads = null; // of the wasm: started once, and again when another number or form is asked for
let startedIn = 0;

async function main() {
  try {
    ({ glue: wasm, url: glueUrl } = await load("parallel"));
    const wanted = Number(query.get("threads")) || wasm.defaultThreads();
    $("threads").value = Math.min(Math.max(Math.trunc(wanted), 1), MAX_THREADS);
    $("threads").addEventListener("change", nameThreads);
    $("by").value = query.get("by") === "exec" ? "exec" : "job";
    $("controls").addEventListener("submit", (event) => {
      event.preventDefault();
      busy(async () => {
        await startThreads();
        const serial = await measure("the page alone", wasm.renderSerial);
        const pixels = allPixels();
        const parallel = await measure("threads", (done) => threads.render(done));
        compare(pixels, allPixels());
        show(serial, parallel, serial.ms, parallel.ms);
      });
    });
    nameThreads();
    enable(true);
    say("ready", "ready: press Run");
  } catch (error) {
    fail(error);
    if (query.has("report")) await post("report", JSON.stringify({ error: messageOf(error) }));
    return;
  }
  if (query.has("report")) await automate();
}

/** Runs both once to warm up, then three times in turns; shows medians, and posts them and the canvas. */
async function automate() {
  const failure = await busy(async () => {
    await startThreads();
    const serial = [];
    const parallel = [];
    for (let round = 0; round <= 3; round++) {
      const name = round === 0 ? "warm-up" : `run ${round} of 3`;
      serial[round] = await measure(`${name}, the page alone`, wasm.renderSerial);
      const pixels = allPixels();
      parallel[round] = await measure(`${name}, threads`, (done) => threads.render(done));
      compare(pixels, allPixels());
    }
    const times = (runs) => runs.slice(1).map((run) => run.ms);
    const median = (runs) => times(runs).sort((a, b) => a - b)[1];
    show(serial[3], parallel[3], median(serial), median(parallel));
    const png = await new Promise((resolve) => $("canvas").toBlob(resolve, "image/png"));
    if (!png) throw new Error("the browser made no PNG of the canvas");
    if (query.has("canvas")) await post("canvas", png);
    await post("report", JSON.stringify({
      browser: navigator.userAgent.match(/(Firefox|Chrome|Version)\/[\d.]+/)?.[0] ?? "unknown",
      engine: navigator.userAgent,
      workers: Math.min(...parallel.slice(1).map((run) => new Set(run.parts.map((part) => part.thread)).size)),
      serial_ms: median(serial),
      parallel_ms: median(parallel),
      runs: { serial: times(serial), parallel: times(parallel) },
    }));
  });
  if (failure) await post("report", JSON.stringify({ error: messageOf(failure) }));
}

/** Posts to the URL that the query names. */
async function post(name, body) {
  const answer = await fetch(query.get(name), { method: "POST", body });
  if (!answer.ok) throw new Error(`${query.get(name)} answered ${answer.status}`);
}

/** Runs `work` with the controls locked. Gives back the error, if there was one, which the page shows by then. */
async function busy(work) {
  enable(false);
  try {
    await work();
    return null;
  } catch (error) {
    fail(error);
    threads?.free();
    threads = null;
    return error;
  } finally {
    enable(true);
  }
}

async function startThreads() {
  const count = Number($("threads").value);
  const classic = $("by").value === "exec";
  if (threads?.count === count && threads.classic === classic) return;
  threads?.free();
  threads = null;
  say("busy", `starting ${plural(count, "thread")}`);
  const start = performance.now();
  threads = await (classic ? wasm.Threads.startClassic(count, glueUrl) : wasm.Threads.start(count));
  startedIn = performance.now() - start;
}

/** One run: `render` is given what to do with each part. When parts came and frames were painted, in ms from the start. */
async function measure(name, render) {
  say("busy", name);
  $("progress").value = 0;
  for (const drawn of [$("left"), $("right")]) drawn.replaceChildren();
  context.clearRect(0, 0, 2 * SIDE, 2 * SIDE);
  await painted();

  const parts = [];
  const frames = [];
  const hidden = document.hidden;
  const start = performance.now();
  let frame = requestAnimationFrame(function tick() {
    const now = performance.now() - start;
    frames.push(now);
    if (lively) $("pulse").style.transform = `translateX(${3.25 - 3.25 * Math.cos(now / 250)}rem)`;
    frame = requestAnimationFrame(tick);
  });
  try {
    await render(({ picture, firstRow, image, thread, millis }) => {
      const back = performance.now() - start;
      const x = SIDE * (picture % 2);
      const y = SIDE * (picture >> 1) + firstRow;
      context.putImageData(image, x, y);
      const part = { picture, x, y, rows: image.height, thread, millis, from: Math.max(back - millis, 0), to: back };
      parts.push(part);
      if (watched) mark(part);
    });
  } finally {
    cancelAnimationFrame(frame);
  }
  const took = performance.now() - start;
  if (!watched) parts.forEach(mark);
  // A page that nobody sees is not painted: then there is nothing to measure.
  const gap = hidden || document.hidden ? NaN : longestGap([0, ...frames, took]);
  return { ms: took, parts, frames, gap };
}

const longestGap = (times) => Math.max(...times.slice(1).map((time, i) => time - times[i]));

/** Resolves when what is on the page now has been shown. */
function painted() {
  if (document.hidden) return Promise.resolve();
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

/** Shows beside the canvas who drew a part, and lights the part up for a moment. */
function mark({ x, y, rows, thread }) {
  $("progress").value += rows / (TITLES.length * SIDE);
  const place = (element) => {
    element.style.top = `${y / SIDE * 50}%`;
    element.style.height = `${rows / SIDE * 50}%`;
    return element;
  };
  const strip = place(create("div", { className: "mark" }, thread === undefined ? "" : thread + 1));
  paint(strip, thread);
  $(x === 0 ? "left" : "right").append(strip);
  if (!lively) return;
  const flash = place(create("div", { className: "flash" }));
  flash.style.left = x === 0 ? "0" : "50%";
  flash.addEventListener("animationend", () => flash.remove());
  $("glass").append(flash);
}

const allPixels = () => new Uint32Array(context.getImageData(0, 0, 2 * SIDE, 2 * SIDE).data.buffer);

function compare(one, other) {
  const at = one.findIndex((pixel, i) => pixel !== other[i]);
  if (at >= 0) throw new Error(`the two runs drew different pictures, first at pixel ${at}`);
}

/** Shows the two runs, and of their times those given. */
function show(serial, parallel, serialMs, parallelMs) {
  const speedUp = (serialMs / parallelMs).toFixed(2);
  const text = {
    "speed-up": `${speedUp} ×`,
    "serial-ms": ms(serialMs),
    "parallel-ms": ms(parallelMs),
    "serial-gap": ms(serial.gap),
    "parallel-gap": ms(parallel.gap),
    "serial-total": ms(serial.ms),
    "parallel-total": ms(parallel.ms),
    "bands-total": countByThread(parallel.parts),
    "started": `The threads were started beforehand, in ${ms(startedIn)}.`,
  };
  for (const [id, value] of Object.entries(text)) $(id).textContent = value;

  $("table").replaceChildren(...TITLES.map((title, picture) => {
    const alone = serial.parts.find((part) => part.picture === picture);
    const bands = parallel.parts.filter((part) => part.picture === picture);
    const from = Math.min(...bands.map((part) => part.from));
    const to = Math.max(...bands.map((part) => part.to));
    return create("tr", {},
      create("th", { scope: "row" }, title),
      create("td", { className: "number" }, ms(alone.millis)),
      create("td", { className: "number" }, ms(to - from)),
      create("td", {}, countByThread(bands)),
    );
  }));

  const span = Math.max(serial.ms, parallel.ms);
  const lanes = (run, name) => {
    const workers = [...new Set(run.parts.map((part) => part.thread))].sort();
    const lane = (label, height, bars, className) => [create("span", {}, label), bar(label, span, height, bars, className)];
    return [
      create("h3", {}, `${name}: ${ms(run.ms)}`),
      ...workers.flatMap((thread) => lane(
        thread === undefined ? "the page" : `thread ${thread + 1}`,
        1,
        run.parts.filter((part) => part.thread === thread),
        "",
      )),
      ...lane("frames", 1, run.frames.map((time) => ({ from: time, to: time + span / 500 })), "frames"),
    ];
  };
  $("lanes").replaceChildren(...lanes(serial, "The page alone"), ...lanes(parallel, plural(threads.count, "thread")));
  $("details").hidden = false;
  const by = threads.classic ? "exec!" : "job!";
  say("done", `done: with ${plural(threads.count, "thread")} by ${by} ${speedUp} times as fast, and pixel by pixel the same`);
}

/** A lane: one bar for each of `bars`, on a scale of `span` milliseconds. */
function bar(label, span, height, bars, className) {
  const svg = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const said = className === "frames" ? `${plural(bars.length, "frame")} painted` : `${label}: ${plural(bars.length, "part")}`;
  const lane = svg("svg", { viewBox: `0 0 ${span} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": said, class: className });
  for (const { from, to, thread, picture } of bars) {
    // A hair's breadth is left between two bars.
    const width = Math.max(to - from - span / 1000, span / 1000);
    const rect = svg("rect", { x: from, y: 0, width, height });
    if (picture !== undefined) {
      rect.setAttribute("opacity", 1 - 0.15 * (picture % 2));
      rect.append(Object.assign(svg("title", {}), { textContent: `${TITLES[picture]}, ${ms(to - from)}` }));
    }
    paint(rect, thread);
    lane.append(rect);
  }
  return lane;
}

const paint = (element, thread) => {
  if (thread !== undefined) element.style.setProperty("--thread", `var(--thread-${thread})`);
};

function countByThread(bands) {
  const counts = new Map();
  for (const { thread } of bands) counts.set(thread + 1, (counts.get(thread + 1) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).map(([thread, count]) => `${count}\u00a0by\u00a0${thread}`).join(", ");
}

function nameThreads() {
  const name = plural(Number($("threads").value), "thread");
  for (const element of document.querySelectorAll(".with-threads")) element.textContent = name;
}

function enable(enabled) {
  for (const control of [$("run"), $("threads"), $("by")]) control.disabled = !enabled;
}

const messageOf = (error) => String(error?.message ?? error);

function fail(error) {
  say("failed", `failed: ${messageOf(error)}`);
}

function say(state, text) {
  $("status").textContent = text;
  $("status").dataset.state = state;
}

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Milliseconds as a text, without decimals: browsers blur their clocks. */
const ms = (time) => (Number.isNaN(time) ? "–" : `${Math.round(time).toLocaleString("en").replace(",", "\u202f")} ms`);

function create(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

main();
