// The workloads for peers of Rust, whose pool is an export of the page's module: the jobs and all that belongs to them stay in
// wasm memory. `empty` names the method that has the empty jobs.

import { Parcels } from "../pkg/benches.js";

export class Rust {
  constructor(pool, empty) {
    this.pool = pool;
    this.answers = pool.answers?.();
    this.empty = (count) => pool[empty](count);
  }

  load(what, length) {
    return Parcels[what](length);
  }

  trips(count) {
    return this.pool.trips(count);
  }

  async julia() {
    return contents(await this.pool.julia());
  }

  async pictures(photos) {
    return contents(await this.pool.pictures(photos));
  }

  async skewed(turns) {
    const result = await this.pool.skewed(turns);
    return typeof result === "number" ? { sum: result } : result;
  }

  bytes(parcels, times) {
    return this.pool.bytes(parcels, times);
  }

  areBytes(parcels, length) {
    return parcels.areBytes(length);
  }

  end() {
    this.pool.free();
  }
}

export const contents = (parcels) => () => {
  const all = Array.from({ length: parcels.count() }, (_, at) => parcels.take(at));
  parcels.free();
  return all;
};
