// workerpool of npm: dedicated workers, methods by name, and `transfer` both ways. It has the least and the most of its workers
// fixed, so that all are there before the first job.

import { Calls } from "./calls.js";

export const fabric = "post";

// It is a script that makes a global.
export const prepare = () => new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = new URL("../npm/workerpool.js", import.meta.url);
  script.onload = resolve;
  script.onerror = () => reject(new Error("workerpool.js does not load"));
  document.head.append(script);
});

export async function start({ workers, module, glue }) {
  const script = new URL("./workerpool-worker.js", import.meta.url).href;
  const pool = workerpool.pool(script, { minWorkers: workers, maxWorkers: workers, workerType: "web" });
  const peer = new Calls(
    (name, argument, transfer) => pool.exec("call", [name, argument], transfer && { transfer }),
    () => pool.terminate(true),
  );
  try {
    // Each is busy until it has answered, so that each of them gets one of these.
    const places = Array.from({ length: workers }, (_, place) => place);
    peer.answers = await Promise.all(places.map((place) => pool.exec("start", [glue, module, place])));
    return peer;
  } catch (error) {
    peer.end();
    throw error;
  }
}
