// What the way through shared memory takes at the least: a worker that sleeps in `Atomics.wait` is woken, and posts a
// message, since nothing else wakes a page's main thread. It can do trips alone.

export const fabric = "shared";

const [ASKED, NUMBER] = [0, 1];

let script;

export function prepare() {
  if (typeof SharedArrayBuffer === "undefined" || !crossOriginIsolated) {
    throw new Error("this browser has no SharedArrayBuffer here");
  }
  script = URL.createObjectURL(new Blob([`(${serve})(${ASKED}, ${NUMBER})`], { type: "text/javascript" }));
}

export async function start() {
  const worker = new Worker(script);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const next = () => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`worker by hand: ${message}`));
  });
  worker.postMessage(words);
  await next();
  return new ByHand(worker, words, next);
}

// In the worker.
function serve(asked, number) {
  onmessage = ({ data: words }) => {
    postMessage(0);
    for (;;) {
      Atomics.wait(words, asked, 0);
      Atomics.store(words, asked, 0);
      postMessage(Atomics.load(words, number));
    }
  };
}

class ByHand {
  constructor(worker, words, next) {
    Object.assign(this, { worker, words, next, answers: [] });
  }

  async trips(count) {
    let sum = 0;
    for (let n = 0; n < count; n++) {
      const answer = this.next();
      Atomics.store(this.words, NUMBER, n);
      Atomics.store(this.words, ASKED, 1);
      Atomics.notify(this.words, ASKED);
      sum += await answer;
    }
    return sum;
  }

  end() {
    this.worker.terminate();
  }
}
