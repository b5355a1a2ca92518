// The floor: what a hand-written program does at the least. Workers from a blob instantiate the Module that they are sent. A job goes
// at once to the worker that has the fewest, so that many at once are dealt out by turns, and those one after the other go to one
// worker. Each answers in order, so that no message has a number.

import { Calls } from "./calls.js";

export const fabric = "post";

let script;

export async function prepare() {
  const source = await fetch(new URL("./floor-worker.js", import.meta.url));
  script = URL.createObjectURL(await source.blob());
}

export async function start({ workers, module, glue }) {
  const lanes = Array.from({ length: workers }, () => new Lane());
  try {
    const answers = lanes.map((lane, place) => lane.ask({ glue, module, place }));
    return new Floor(lanes, await Promise.all(answers));
  } catch (error) {
    lanes.forEach(({ worker }) => worker.terminate());
    throw error;
  }
}

// A worker, and those who wait for its answers.
class Lane {
  constructor() {
    this.waiting = [];
    this.next = 0;
    this.worker = new Worker(script);
    this.worker.onmessage = ({ data }) => this.waiting[this.next++].resolve(data);
    this.worker.onerror = ({ message }) => {
      for (const { reject } of this.waiting.slice(this.next)) reject(new Error(`floor worker: ${message}`));
    };
  }

  get load() {
    return this.waiting.length - this.next;
  }

  ask(message, transfer) {
    if (this.load === 0) this.waiting.length = this.next = 0;
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.postMessage(message, transfer);
    });
  }
}

const freest = (lanes) => lanes.reduce((one, other) => other.load < one.load ? other : one);

class Floor extends Calls {
  constructor(lanes, answers) {
    super(
      (name, argument, transfer) => freest(lanes).ask([name, argument], transfer),
      () => lanes.forEach(({ worker }) => worker.terminate()),
    );
    this.workers = lanes.map(({ worker }) => worker);
    this.answers = answers;
  }

  // A number is an empty job: nothing is made for it but the message. `ahead` is how many are under way.
  count(count, ahead) {
    return new Promise((resolve) => {
      let [sum, left, sent] = [0, count, 0];
      const turns = Math.min(ahead, this.workers.length);
      const send = () => this.workers[sent % turns].postMessage(sent++);
      const before = this.workers.map(({ onmessage }) => onmessage);
      for (const worker of this.workers) {
        worker.onmessage = ({ data }) => {
          sum += data;
          if (sent < count) send();
          if (--left > 0) return;
          this.workers.forEach((worker, at) => worker.onmessage = before[at]);
          resolve(sum);
        };
      }
      while (sent < Math.min(ahead, count)) send();
    });
  }

  trips(count) {
    return this.count(count, 1);
  }

  empty(count) {
    return this.count(count, count);
  }
}
