// poolifier-web-worker of npm: a fixed pool. Its queues, from which idle workers steal, are for jobs that take long; short ones go
// to the workers in turns at once, which is its default.

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
  const peer = new Poolifier(pool);
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

class Poolifier extends Calls {
  constructor(pool) {
    super(
      (name, argument, transfer) => pool.execute([name, argument], "call", undefined, transfer),
      () => pool.destroy().catch(() => {}),
    );
    this.pool = pool;
  }

  // Outside of what is timed.
  turnTo(workload) {
    this.pool.enableTasksQueue(["julia", "pictures", "skewed"].includes(workload));
  }
}
