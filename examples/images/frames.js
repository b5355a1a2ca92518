// How smoothly the page goes on: the time from one frame to the next, measured and drawn.

export const FELT = 50; // ms from frame to frame that can be felt
const KEPT = 150; // gaps in the graph
const ALIVE = 3000; // ms; a browser that paints anything has painted twice by then, also while it starts
const INSTEAD = 16; // the timer's period where nothing is painted

// The graph is logarithmic: from a fast display's frame to a page that stands still for seconds.
const [LEAST, MOST] = [4, 4000];
const LINES = [16.7, 100, 1000];

export class Frames {
  /** `by` is what ticks: `requestAnimationFrame`, or a timer in a browser that paints no frames. */
  by = "requestAnimationFrame";
  last = NaN;
  longest = NaN;
  #gaps = [];
  #run = null;
  #before = NaN;
  #canvas;

  /** Draws on the canvas whenever `draw` is called. */
  constructor(canvas) {
    this.#canvas = canvas;
    // While nobody looks the browser paints nothing, which is no gap.
    document.addEventListener("visibilitychange", () => { this.#before = NaN; });
  }

  /** Begins to tick, for good. `each` is called after every frame. */
  async tick(each) {
    let turn = requestAnimationFrame;
    if (!await paints()) {
      this.by = "a timer";
      turn = (next) => setTimeout(() => next(performance.now()), INSTEAD);
    }
    const next = () => {
      turn(next);
      // Not the frame's own time, which says when it should have been.
      this.#see(performance.now());
      each();
    };
    turn(next);
  }

  /** From here on the longest gap is looked for. */
  begin() {
    this.#run = [];
    this.longest = NaN;
    // A gap that began before is none of this run's.
    this.#before = performance.now();
  }

  /** The run's gaps, with the one that is open. */
  end() {
    this.#see(performance.now());
    const gaps = this.#run.sort((a, b) => a - b);
    this.#run = null;
    return { longest: gaps.at(-1) ?? NaN, p99: gaps[Math.ceil(gaps.length * 0.99) - 1] ?? NaN, frames: gaps.length };
  }

  draw() {
    const canvas = this.#canvas;
    const ratio = devicePixelRatio;
    const { clientWidth, clientHeight } = canvas;
    if (canvas.width !== Math.round(clientWidth * ratio)) canvas.width = Math.round(clientWidth * ratio);
    if (canvas.height !== Math.round(clientHeight * ratio)) canvas.height = Math.round(clientHeight * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
    const up = (gap) => clientHeight * Math.log(Math.min(Math.max(gap, LEAST), MOST) / LEAST) / Math.log(MOST / LEAST);
    const color = (name) => getComputedStyle(canvas).getPropertyValue(name);
    const step = clientWidth / KEPT;
    const [calm, late, stood] = [color("--thread-3"), color("--thread-0"), color("--thread-2")];
    this.#gaps.forEach((gap, i) => {
      context.fillStyle = gap < FELT ? calm : gap < 200 ? late : stood;
      const x = clientWidth - (this.#gaps.length - i) * step;
      context.fillRect(x, clientHeight - up(gap), Math.max(step - 0.5, 0.5), up(gap));
    });
    const [stage, ink] = [color("--stage"), color("--on-stage")];
    context.font = `11px ${color("--mono")}`;
    for (const line of LINES) {
      const y = Math.round(clientHeight - up(line)) - 0.5;
      const text = line < 1000 ? `${Math.round(line)} ms` : `${line / 1000} s`;
      context.fillStyle = ink;
      context.globalAlpha = 0.35;
      context.fillRect(0, y, clientWidth, 1);
      context.globalAlpha = 1;
      context.fillStyle = stage;
      context.fillRect(0, y - 15, context.measureText(text).width + 10, 15);
      context.fillStyle = ink;
      context.fillText(text, 5, y - 4);
    }
  }

  #see(now) {
    const gap = now - this.#before;
    this.#before = now;
    if (Number.isNaN(gap)) return;
    this.last = gap;
    this.#gaps.push(gap);
    if (this.#gaps.length > KEPT) this.#gaps.shift();
    if (!this.#run) return;
    this.#run.push(gap);
    if (!(gap <= this.longest)) this.longest = gap;
  }
}

/** Whether this browser paints frames: one without a display may not. */
function paints() {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, ALIVE, false);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      clearTimeout(late);
      resolve(true);
    }));
  });
}
