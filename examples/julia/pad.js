// The pad on which c is picked: the Mandelbrot set as a map, a pin where c is.

import { $, messageOf } from "./dom.js";

const STEP = 0.01; // of c, by an arrow
const FINE = 0.001; // with Shift

export class Pad {
  #wasm;
  #canvas = $("c-pad");
  #pin = $("pin");
  #picked;
  #c = [0, 0];

  /** Calls `picked(re, im)` with each c that is pointed at. */
  constructor(wasm, workers, picked) {
    this.#wasm = wasm;
    this.#picked = picked;
    this.#draw(workers).catch((error) => {
      $("pad-keys").textContent = `The map could not be drawn: ${messageOf(error)}; reload the page to try again.`;
    });
    const pick = (event) => {
      const box = this.#canvas.getBoundingClientRect();
      const part = (at, from, length) => Math.min(Math.max((at - from) / length, 0), 1);
      picked(...wasm.mapAt(part(event.clientX, box.left, box.width), part(event.clientY, box.top, box.height)));
    };
    let pressed = false;
    this.#canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      if (event.isTrusted) this.#canvas.setPointerCapture(event.pointerId);
      pressed = true;
      pick(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => {
      if (pressed) pick(event);
    });
    for (const end of ["pointerup", "pointercancel"]) this.#canvas.addEventListener(end, () => { pressed = false; });
    this.#canvas.addEventListener("keydown", (event) => this.#type(event));
  }

  /** Puts the pin where c is. */
  show(re, im) {
    this.#c = [re, im];
    const [x, y] = this.#wasm.mapPlace(re, im);
    this.#pin.hidden = !(x >= 0 && x <= 1 && y >= 0 && y <= 1);
    this.#pin.style.left = `${x * 100}%`;
    this.#pin.style.top = `${y * 100}%`;
  }

  async #draw(workers) {
    const fine = Math.min(devicePixelRatio, 2);
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight].map((length) => Math.max(Math.round(length * fine), 1));
    const image = await workers.map(width, height);
    Object.assign(this.#canvas, { width, height });
    this.#canvas.getContext("2d").putImageData(image, 0, 0);
  }

  #type(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (!Object.hasOwn(ways, event.key)) return;
    event.preventDefault();
    const [right, up] = ways[event.key];
    const step = event.shiftKey ? FINE : STEP;
    this.#picked(this.#c[0] + right * step, this.#c[1] + up * step);
  }
}
