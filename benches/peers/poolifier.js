// poolifier-web-worker of npm: a fixed pool as it is by default, which gives jobs to its workers in turns at once. Its queues, from
// which idle workers steal, are left off: with them all jobs of a workload ran on one of the workers, at twice the time.

import { Calls } from "./calls.js";

export const fabric = "post";

export async function start({ workers, module, glue }) {
  const { FixedThreadPool } = await import("../npm/poolifier.js");
  let fail;
  const failed = new Promise((_, reject) => fail = reject);
  failed.catch(() => {});
  const pool = new FixedThreadPool(workers, new URL("./poolifier-worker.js", import.meta.url), {
    errorEventHandler: ({ message }) => fail(new Error(`poolifier worker: ${message}`)),
  });
  const peer = new Calls(
    (name, argument, transfer) => pool.execute([name, argument], "call", undefined, transfer),
    () => pool.destroy().catch(() => {}),
  );
  try {
    const places = Array.from({ length: workers }, (_, place) => place);
    const answers = Promise.all(places.map((place) => pool.execute({ glue, module, place }, "start")));
    peer.answers = await Promise.race([answers, failed]);
    return peer;
  } catch (error) {
    peer.end();
    throw error;
  }
}
