// poolifier-web-worker of npm: fixed pools. By default jobs go to the workers in turns at once, which is best for short ones; with
// its queues idle workers steal, which is for jobs that take long. They are two pools, since one that has been switched over keeps
// to one of its workers.

import { Calls } from "./calls.js";

export const fabric = "post";

const LONG = ["julia", "pictures", "skewed"];

export async function start({ workers, module, glue, only }) {
  const { FixedThreadPool } = await import("../npm/poolifier.js");
  const peer = new Poolifier();
  const open = async (options) => {
    let fail;
    const failed = new Promise((_, reject) => fail = reject);
    failed.catch(() => {});
    const pool = new FixedThreadPool(workers, new URL("./poolifier-worker.js", import.meta.url), {
      errorEventHandler: ({ message }) => fail(new Error(`poolifier worker: ${message}`)),
      ...options,
    });
    peer.pools.push(pool);
    const places = Array.from({ length: workers }, (_, place) => place);
    const answers = Promise.all(places.map((place) => pool.execute({ glue, module, place }, "start")));
    return Promise.race([answers, failed]);
  };
  try {
    peer.answers = await open({});
    if (only !== "start") await open({ enableTasksQueue: true });
    return peer;
  } catch (error) {
    peer.end();
    throw error;
  }
}

class Poolifier extends Calls {
  pools = [];

  constructor() {
    super(
      (name, argument, transfer) => this.pool.execute([name, argument], "call", undefined, transfer),
      () => this.pools.forEach((pool) => pool.destroy().catch(() => {})),
    );
  }

  turnTo(workload) {
    this.pool = this.pools[Number(LONG.includes(workload))];
  }
}
