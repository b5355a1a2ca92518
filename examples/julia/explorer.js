// The explorer's hands: pointer, wheel, fingers, keys and fields become moves of the view, which Rust draws (`src/screen.rs`). Knows
// nothing of pixels but where they were touched.

import { $, choose, messageOf } from "./dom.js";
import { Pad } from "./pad.js";

const KEYED = 1.5; // times closer by a key or a button
const CLICKED = 2; // times closer by a double click
const PINCHED = 5; // times as far as a wheel: two fingers on a touchpad come as one that is turned a little, with Ctrl
const SETTLED = 250; // ms without an input until the address is written, which browsers allow only so often
const MOST_PIXELS = 1.6e6; // of the canvas, however fine the display is

export class Explorer {
  #wasm;
  #screen;
  #canvas = $("view");
  #pad;
  #pointers = new Map();
  #rest = { x: 0, y: 0 }; // of a pixel, that pointers have moved and the picture has not
  #settled = 0;
  #held = false;
  #listeners = new Set();

  constructor(wasm, workers) {
    this.#wasm = wasm;
    this.#size((width, height) => Object.assign(this.#canvas, { width, height }));
    const [re, im] = $("preset").options[0].value.split(" ").map(Number);
    this.#pad = new Pad(wasm, workers, (re, im) => this.#screen.setC(re, im, false));
    // It tells of its first view before it is there.
    this.#screen = new wasm.Screen(this.#canvas, workers, location.hash, re, im, (state, why) => this.#told(state, why));
    this.#told(this.#canvas.dataset.state);
    this.#touch();
    this.#type();
    this.#choose();
    let late = 0;
    new ResizeObserver(() => {
      clearTimeout(late);
      late = setTimeout(() => this.#size((width, height) => {
        if (width !== this.#canvas.width || height !== this.#canvas.height) this.#screen.resize(width, height);
      }), 100);
    }).observe(this.#canvas);
    addEventListener("hashchange", () => this.#screen.open(location.hash));
  }

  /** The view of a square picture, as JSON. */
  square(side, iterations) {
    return this.#screen.square(side, iterations);
  }

  /** Stands still, and says so. */
  hold(why = "the benchmark runs") {
    this.#held = true;
    this.#screen.hold();
    this.#lock();
    $("view-status").textContent = `The explorer stands still while ${why}.`;
  }

  release() {
    this.#held = false;
    this.#lock();
    this.#screen.release();
    this.#show();
  }

  /** Calls `listener(state)` whenever the canvas is in another state, until the returned function is called. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get state() {
    return this.#canvas.dataset.state;
  }

  reset() {
    this.#screen.reset();
  }

  /** Calls `use` with the size that the canvas should have, if it can be seen. */
  #size(use) {
    const { clientWidth, clientHeight } = this.#canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    const fine = Math.min(devicePixelRatio, Math.max(1, Math.sqrt(MOST_PIXELS / (clientWidth * clientHeight))));
    use(Math.round(clientWidth * fine), Math.round(clientHeight * fine));
  }

  #told(state, why) {
    if (!this.#screen) return;
    if (state === "coarse-wanted") this.#changed();
    clearTimeout(this.#settled);
    if (state === "failed") $("view-status").textContent = `failed: ${messageOf(why)}; move the picture to try again`;
    else if (state === "done") this.#show();
    else this.#settled = setTimeout(() => this.#show(), SETTLED);
    for (const listener of [...this.#listeners]) listener(state);
  }

  /** Fields and pad show what is asked for now. */
  #changed() {
    const [re, im] = this.#screen.c;
    for (const [field, value] of [[$("c-re"), re], [$("c-im"), im]]) {
      if (document.activeElement !== field || Number(field.value) !== value) field.value = String(Number(value.toFixed(6)));
    }
    this.#pad.show(re, im);
    choose($("iterations"), this.#screen.iterations);
    $("palette").value = this.#screen.palette;
    const preset = [...$("preset").options].find((option) => option.value === `${re} ${im}`);
    $("preset").value = preset ? preset.value : "";
  }

  /** Says what is seen, and has the address keep it. */
  #show() {
    if (this.#held) return;
    const drawing = this.state === "done" ? "" : "drawing ";
    const words = `${drawing}${this.#screen.words}`;
    $("view-status").textContent = words[0].toUpperCase() + words.slice(1);
    try {
      history.replaceState(null, "", `#${this.#screen.fragment}`);
    } catch {
      // Too often, says the browser: the next view is kept again.
    }
  }

  #at({ clientX, clientY }) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    // Each way by itself: the canvas has whole pixels, and its place on the page need not have.
    return { x: (clientX - left) * this.#canvas.width / width, y: (clientY - top) * this.#canvas.height / height };
  }

  #touch() {
    const canvas = this.#canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      // A pointer that a script has made up cannot be held.
      if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, this.#at(event));
      this.#rest = { x: 0, y: 0 };
      canvas.dataset.dragged = "";
    });
    canvas.addEventListener("pointermove", (event) => {
      const now = this.#at(event);
      this.#screen.focus(now.x, now.y);
      const before = this.#pointers.get(event.pointerId);
      if (!before) return;
      const others = [...this.#pointers].filter(([id]) => id !== event.pointerId);
      this.#pointers.set(event.pointerId, now);
      if (others.length > 0) this.#pinch(before, now, others[0][1]);
      else this.#pull(before, now);
    });
    const up = (event) => {
      if (this.#pointers.delete(event.pointerId)) this.#rest = { x: 0, y: 0 };
      if (this.#pointers.size === 0) delete canvas.dataset.dragged;
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.#screen.unfocus());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const { x, y } = this.#at(event);
      // Lines and pages, where the browser counts in those, in pixels.
      const turned = event.deltaY * [1, 33, 400][event.deltaMode] * (event.ctrlKey ? PINCHED : 1);
      this.#screen.focus(x, y);
      this.#screen.zoom(x, y, 2 ** (-Math.min(Math.max(turned, -400), 400) / 300));
    }, { passive: false });
    canvas.addEventListener("dblclick", (event) => {
      const { x, y } = this.#at(event);
      this.#screen.zoom(x, y, CLICKED);
    });
  }

  /** One of two fingers has moved: what was under both of them is so still. */
  #pinch(before, now, other) {
    const apart = (a) => Math.hypot(a.x - other.x, a.y - other.y);
    const middle = (a) => ({ x: (a.x + other.x) / 2, y: (a.y + other.y) / 2 });
    const [from, to] = [middle(before), middle(now)];
    this.#screen.focus(to.x, to.y);
    this.#screen.zoom(from.x, from.y, apart(now) / Math.max(apart(before), 1));
    this.#pull(from, to);
  }

  /** Moves the picture by whole pixels, and keeps the rest for the next move: a slow hand would lose it each time. */
  #pull(from, to) {
    const [x, y] = [to.x - from.x + this.#rest.x, to.y - from.y + this.#rest.y];
    const [right, down] = [Math.round(x), Math.round(y)];
    this.#rest = { x: x - right, y: y - down };
    if (right !== 0 || down !== 0) this.#screen.pan(right, down);
  }

  #type() {
    this.#canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { width, height } = this.#canvas;
      const moves = {
        ArrowLeft: () => this.#screen.pan(width / 10, 0),
        ArrowRight: () => this.#screen.pan(-width / 10, 0),
        ArrowUp: () => this.#screen.pan(0, height / 10),
        ArrowDown: () => this.#screen.pan(0, -height / 10),
        "+": () => this.#closer(KEYED),
        "=": () => this.#closer(KEYED),
        "-": () => this.#closer(1 / KEYED),
        0: () => this.#screen.reset(),
      };
      if (!Object.hasOwn(moves, event.key)) return;
      event.preventDefault();
      moves[event.key]();
    });
  }

  #choose() {
    $("panel").addEventListener("submit", (event) => event.preventDefault());
    $("zoom-in").addEventListener("click", () => this.#closer(KEYED));
    $("zoom-out").addEventListener("click", () => this.#closer(1 / KEYED));
    $("reset").addEventListener("click", () => this.#screen.reset());
    $("preset").addEventListener("change", () => {
      if (!$("preset").value) return;
      const [re, im] = $("preset").value.split(" ").map(Number);
      this.#screen.setC(re, im, true);
    });
    for (const [part, field] of [$("c-re"), $("c-im")].entries()) {
      field.addEventListener("input", () => {
        // The other part is the view's own: its field shows it rounded.
        const c = this.#screen.c;
        c[part] = field.valueAsNumber;
        if (Number.isFinite(c[part])) this.#screen.setC(c[0], c[1], false);
      });
    }
    $("palette").addEventListener("change", () => this.#screen.setPalette($("palette").value));
    $("iterations").addEventListener("change", () => this.#screen.setIterations(Number($("iterations").value)));
  }

  #closer(times) {
    this.#screen.zoom(this.#canvas.width / 2, this.#canvas.height / 2, times);
  }

  #lock() {
    const controls = ["zoom-in", "zoom-out", "reset", "preset", "c-re", "c-im", "palette", "iterations"];
    for (const id of controls) $(id).disabled = this.#held;
    for (const canvas of [this.#canvas, $("c-pad")]) canvas.setAttribute("aria-disabled", String(this.#held));
  }
}
