// The workloads for peers of JavaScript: each job is a call of an export of the module, by its name, in whatever worker the peer
// chooses.
//
// `call(name, argument, transfer)` gives a promise of the result. A peer that can do a workload in a better way overrides it.

import { Parcels, bandCount } from "../pkg/benches.js";

export class Calls {
  constructor(call, end) {
    this.call = call;
    this.end = end;
  }

  load(what, length) {
    return Parcels[what](length);
  }

  async trips(count) {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += await this.call("empty", n);
    return sum;
  }

  async empty(count) {
    return total(await this.all("empty", Array.from({ length: count }, (_, n) => n)));
  }

  async julia() {
    const bands = await this.all("band", Array.from({ length: bandCount() }, (_, at) => at));
    const picture = new Uint8Array(bands.reduce((length, band) => length + band.length, 0));
    let length = 0;
    for (const band of bands) {
      picture.set(band, length);
      length += band.length;
    }
    return () => [picture];
  }

  async pictures(photos) {
    const jobs = Array.from({ length: photos.count() }, (_, at) => this.send("develop", photos, at));
    const small = await Promise.all(jobs);
    photos.free();
    return () => small;
  }

  async skewed(turns) {
    return { sum: total(await this.all("spin", Array.from(turns))) };
  }

  async bytes(parcels, times) {
    for (let time = 0; time < times; time++) parcels.put(0, await this.send("echo", parcels, 0));
    return parcels;
  }

  areBytes(parcels, length) {
    return parcels.areBytes(length);
  }

  send(name, parcels, at) {
    const bytes = parcels.take(at);
    return this.call(name, bytes, [bytes.buffer]);
  }

  all(name, list) {
    return Promise.all(list.map((argument) => this.call(name, argument)));
  }
}

const total = (numbers) => numbers.reduce((sum, n) => sum + n, 0);
