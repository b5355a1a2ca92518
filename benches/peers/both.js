// A `ThreadPool` for the workloads of the group `shared`, which both fabrics do; and one that a worker owns.

import { Rust, contents } from "./rust.js";

export class Both extends Rust {
  constructor(pool, owner) {
    super(pool, "map");
    this.owner = owner;
  }

  spawned(count) {
    return this.pool.spawn(count);
  }

  trip(count) {
    return this.pool.tripInTheMiddle(count);
  }

  async bands() {
    return contents(await this.pool.bands());
  }

  async halves() {
    return contents(await this.pool.halves());
  }

  async joinCost(turns) {
    const cost = await this.pool.joinCost(turns);
    const { join, calls } = cost;
    cost.free();
    return { join, calls };
  }

  tree(turns, joined) {
    return this.pool.tree(turns, joined);
  }

  owned(count, turns, sleeps) {
    return this.owner.run(count, turns, sleeps);
  }

  end() {
    super.end();
    this.owner.free();
  }
}
