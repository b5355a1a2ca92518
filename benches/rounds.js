// Rounds of one workload: in each, every peer does it once, in an order that is another from round to round. The server says
// how much else ran on the machine meanwhile; a round in which that was too much counts for nobody, and is repeated.

import { within, words } from "./peers.js";
import { Wrong } from "./run.js";

// Rounds before the first that counts: engines compile for speed meanwhile.
const WARM_UPS = 2;

// `limits`: {least, most} rounds; after `seconds` the least are enough. As many again as the most may be thrown away. After three
// times the seconds what is there must do, if there are the least of rounds, disturbed ones among them.
export async function measured(workload, all, limits, show) {
  const sides = workload.peers.map((name) => ({ peer: all.get(name), rounds: [], reason: all.get(name).absent }));
  const beside = workload.beside && { by: sides.find(({ peer }) => peer.name === workload.beside.by), rounds: [] };
  await ask(`next/${workload.name}, ${workload.workers} workers`);
  let [good, discarded] = [0, 0];
  let began;
  for (let round = -WARM_UPS; ; round++) {
    if (round === 0) began = performance.now();
    const seconds = (performance.now() - began) / 1000;
    if (good >= limits.most || good >= limits.least && seconds > limits.seconds) break;
    if (discarded > limits.most || good + discarded >= limits.least && seconds > 3 * limits.seconds) break;
    show(`${workload.name}, ${workload.workers} workers: ${round < 0 ? "warming up" : `round ${good + 1}`}` +
      (discarded ? `, ${discarded} disturbed` : ""));
    await ask("load/begin");
    const figures = new Map();
    for (const side of inTurns(sides.filter(({ reason }) => !reason), round + WARM_UPS)) {
      try {
        figures.set(side, await within(workload.measure(side.peer, round), workload.name));
      } catch (error) {
        if (error instanceof Wrong) throw error;
        side.reason = words(error);
        side.peer.end();
      }
    }
    const quiet = await ask("load/end");
    if (round < 0) continue;
    quiet ? good++ : discarded++;
    for (const side of sides) side.rounds.push(quiet ? figures.get(side)?.figure ?? null : null);
    beside?.rounds.push(quiet ? figures.get(beside.by)?.beside ?? null : null);
  }
  const row = (peer, fabric, rounds, reason) => reason ? { peer, fabric, rounds: [], reason } : { peer, fabric, rounds };
  const peers = sides.map(({ peer, rounds, reason }) => row(peer.name, peer.fabric, rounds, reason));
  if (beside) peers.push(row(workload.beside.name, beside.by.peer.fabric, beside.rounds, beside.by.reason));
  return { name: workload.name, unit: workload.unit, workers: workload.workers, peers };
}

// Each is first as often as any other, and follows another one when the row has been gone through.
function inTurns(sides, round) {
  if (!sides.length) return sides;
  const at = round % sides.length;
  const turned = [...sides.slice(at), ...sides.slice(0, at)];
  return Math.floor(round / sides.length) % 2 ? turned.reverse() : turned;
}

// True where the server has nothing to say against the round, and where nobody watches: opened by hand, the page has another one.
async function ask(what) {
  const answer = await fetch(`/ask?what=${encodeURIComponent(what)}`);
  if (!answer.ok && new URLSearchParams(location.search).has("report")) throw new Error(`${what}: ${await answer.text()}`);
  return await answer.text() !== "disturbed";
}
