// The run without a hand on it: how soon after an input the coarse picture is there. Inputs are events as people cause them, each
// while the picture of the last one is far from finished, and each fourth when all is quiet.

import { $ } from "./dom.js";

const TIMES = 20; // of each kind
const QUIET = 4; // each so many waits until all is done
const PATIENCE = 20_000; // ms

/** Measures from each input to the first frame after the coarse picture. */
export async function report(explorer, workers) {
  const inputs = [];
  for (const [input, begin, one, end] of kinds()) {
    explorer.reset();
    await until(explorer, ["done"]);
    begin();
    const times = [];
    for (let i = 0; i < TIMES; i++) {
      // In the middle: the picture is coarse, and some frames have passed.
      if (i % QUIET === 0) await until(explorer, ["done"]);
      else await frame();
      const start = performance.now();
      const seen = until(explorer, ["refining", "done"], true);
      one(i);
      await seen;
      await frame();
      times.push(performance.now() - start);
    }
    end();
    inputs.push({ input, first_frame_ms: times });
  }
  return { engine: navigator.userAgent, workers: workers.count, inputs };
}

export async function post(url, body) {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}

/** The name of each kind of input, and how it begins, what one is, and how it ends. */
function kinds() {
  const view = $("view");
  const pad = $("c-pad");
  const send = (target, type, x, y, more) => {
    const box = target.getBoundingClientRect();
    const place = { clientX: box.left + x * box.width, clientY: box.top + y * box.height };
    const Event = type === "wheel" ? WheelEvent : PointerEvent;
    target.dispatchEvent(new Event(type, { bubbles: true, cancelable: true, pointerId: 1, ...place, ...more }));
  };
  const pull = (target, way) => [
    () => send(target, "pointerdown", ...way(0), { button: 0, buttons: 1 }),
    (i) => send(target, "pointermove", ...way(i + 1), { buttons: 1 }),
    () => send(target, "pointerup", ...way(TIMES), { button: 0 }),
  ];
  const nothing = () => {};
  const keys = ["ArrowLeft", "+", "ArrowUp", "-"];
  return [
    ["drag", ...pull(view, (i) => [0.3 + 0.02 * i, 0.4 + 0.01 * i])],
    ["wheel", nothing, (i) => send(view, "wheel", 0.4, 0.45, { deltaY: i < TIMES / 2 ? -100 : 100 }), nothing],
    ["key", nothing, (i) => view.dispatchEvent(new KeyboardEvent("keydown", { key: keys[i % keys.length], bubbles: true, cancelable: true })), nothing],
    ["pad", ...pull(pad, (i) => [0.45 + 0.003 * i, 0.44])],
  ];
}

/** Resolves when the canvas is in one of the states; if `next`, only by what comes from now on. */
function until(explorer, states, next = false) {
  if (!next && states.includes(explorer.state)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the canvas is ${explorer.state} for ${PATIENCE} ms`)), PATIENCE);
    const stop = explorer.listen((state) => {
      if (!states.includes(state) && state !== "failed") return;
      stop();
      clearTimeout(late);
      if (state === "failed") reject(new Error($("view-status").textContent));
      else resolve();
    });
  });
}

const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
