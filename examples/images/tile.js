// A picture's place on the page. Rust calls its methods: see `Tile` in `src/run.rs`.

const STATES = { waiting: "waiting", working: "handed out", done: "", failed: "", cancelled: "cancelled" };

export class Tile {
  #canvas = create("canvas", { width: 3, height: 2 });
  #bar = create("progress", { max: 1, value: 0 });
  #about = create("span", { className: "about" });
  #state = create("span", { className: "state" });
  #cancel;
  #stageOf;
  #ended;

  /** The tile of a file. `stageOf` names what is being done, `cancel(tile)` gives it up, `ended(tile)` hears its end. */
  constructor(file, { stageOf, cancel, ended }) {
    this.file = file;
    this.#stageOf = stageOf;
    this.#ended = ended;
    this.#bar.setAttribute("aria-label", `Progress of ${file.name}`);
    this.#canvas.setAttribute("role", "img");
    this.#cancel = create("button", { type: "button", className: "quiet" }, "Cancel");
    this.#cancel.setAttribute("aria-label", `Cancel ${file.name}`);
    this.#cancel.addEventListener("click", () => cancel(this));
    this.element = create("li", { className: "tile" },
      create("div", { className: "picture" }, this.#canvas),
      this.#bar,
      create("div", { className: "label" },
        create("strong", { title: file.name }, file.name), this.#about,
        this.#state, this.#cancel));
    this.reset();
  }

  /** As it was before any run. Its canvas is a new one: one that was handed over does not come back. */
  reset() {
    const canvas = this.#canvas.cloneNode();
    canvas.width = 3;
    canvas.height = 2;
    canvas.setAttribute("aria-label", `No thumbnail of ${this.file.name} yet`);
    this.#canvas.replaceWith(canvas);
    this.#canvas = canvas;
    this.#bar.value = 0;
    this.#about.textContent = size(this.file.size);
    this.#is("waiting", STATES.waiting);
  }

  get state() {
    return this.element.dataset.state;
  }

  begin() {
    this.#is("working", STATES.working);
  }

  progress(part) {
    this.#bar.value = part;
    this.#say(this.#stageOf(part));
  }

  handOver() {
    return this.#canvas.transferControlToOffscreen();
  }

  show({ width, height, millis, worker }, pixels) {
    if (pixels) {
      this.#canvas.width = pixels.width;
      this.#canvas.height = pixels.height;
      this.#canvas.getContext("2d").putImageData(pixels, 0, 0);
    }
    this.#canvas.setAttribute("aria-label", `Thumbnail of ${this.file.name}`);
    this.#bar.value = 1;
    this.#about.textContent = `${width} × ${height}, ${size(this.file.size)}`;
    const by = worker === undefined ? "the page" : `worker ${worker + 1}`;
    if (worker !== undefined) this.element.style.setProperty("--thread", `var(--thread-${worker % 8})`);
    this.#is("done", `${Math.round(millis)} ms by ${by}`);
    this.#ended(this);
  }

  fail(cancelled, why) {
    this.#is(cancelled ? "cancelled" : "failed", why);
    this.#ended(this);
  }

  #is(state, text) {
    this.element.dataset.state = state;
    // Where the focus is on it, it goes to the next button that is there.
    this.#cancel.disabled = state !== "waiting" && state !== "working";
    if (state === "waiting") this.element.style.removeProperty("--thread");
    this.#say(text);
  }

  #say(text) {
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }
}

export function create(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
