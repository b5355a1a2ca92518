// The page worlds: runs the program that is chosen, with the arguments of its command, and shows what it gave.

import { messageOf, ms } from "../classic.js";

const $ = (id) => document.getElementById(id);

/** No more lines are shown than these; all are saved. */
const SHOWN = 200;

let wasm;

async function main() {
  try {
    wasm = await import("./pkg/worlds.js");
    await wasm.default();
    choose();
    enable(true);
    say("ready", "ready: press Run");
  } catch (error) {
    fail(error);
  }
}

/** What a command line would have. The text of `words` is what comes in. */
function argumentsOf() {
  const values = { julia: ["width", "height"], words: [], sort: ["count", "seed"] };
  const program = $("program").value;
  return [program, ...values[program].map((id) => $(id).value)];
}

async function run() {
  enable(false);
  say("busy", "running");
  try {
    const ran = argumentsOf();
    const workers = await wasm.workers();
    const start = performance.now();
    const output = await wasm.output(ran, $("text").value);
    const took = ms(performance.now() - start);
    $("time").textContent = took;
    $("workers").textContent = workers;
    $("size").textContent = size(output.length);
    await show(ran, output);
    say("done", `done: ${ran.join(" ")}, in ${took}`);
  } catch (error) {
    fail(error);
  }
  enable(true);
}

async function show(ran, output) {
  const program = ran[0];
  $("picture").hidden = program !== "julia";
  $("lines").hidden = program === "julia";
  if (program === "julia") draw(output);
  else list(new TextDecoder().decode(output));
  $("sheet").scrollTop = 0;

  const save = $("save");
  if (save.href) URL.revokeObjectURL(save.href);
  save.href = URL.createObjectURL(new Blob([output]));
  save.download = program === "julia" ? "julia.ppm" : `${program}.txt`;
  save.removeAttribute("aria-disabled");

  for (const shown of document.querySelectorAll(".arguments")) shown.textContent = named(ran);
  $("sum").textContent = await sum(output);
}

/** With the text from the file that this page would have saved it as. */
const named = (ran) => (ran[0] === "words" ? "words < text.txt" : ran.join(" "));

/** Of a PPM file, three bytes a pixel behind a header of three lines. */
function draw(file) {
  let start = 0;
  for (let line = 0; line < 3; line++) start = file.indexOf(10, start) + 1;
  const header = new TextDecoder().decode(file.subarray(0, start));
  const [, width, height] = header.match(/^P6\n(\d+) (\d+)\n255\n$/).map(Number);
  const image = new ImageData(width, height);
  for (let from = start, to = 0; from < file.length; from += 3, to += 4) {
    image.data.set(file.subarray(from, from + 3), to);
    image.data[to + 3] = 255;
  }
  Object.assign($("picture"), { width, height });
  $("picture").getContext("2d").putImageData(image, 0, 0);
}

function list(text) {
  const lines = text.split("\n").slice(0, -1);
  const more = lines.length - SHOWN;
  const shown = lines.slice(0, SHOWN);
  if (more > 0) shown.push(`… and ${more.toLocaleString("en")} more`);
  $("lines").textContent = shown.join("\n");
}

/** As `sha256sum` prints it. Only a secure context has it: `https`, or this machine. */
async function sum(bytes) {
  if (!crypto.subtle) return "(not on a page without https)";
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function size(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Shows what the chosen program takes. */
function choose() {
  for (const input of document.querySelectorAll("[data-of]")) {
    input.hidden = input.dataset.of !== $("program").value;
    // What is hidden is not asked for.
    input.querySelector("input, textarea").disabled = input.hidden;
  }
}

function enable(enabled) {
  for (const control of [$("program"), $("run")]) control.disabled = !enabled;
}

function fail(error) {
  say("failed", `failed: ${messageOf(error)}`);
}

function say(state, text) {
  $("status").textContent = text;
  $("status").dataset.state = state;
}

$("program").addEventListener("change", choose);
$("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});

main();
