// Runs a benchmark, shows how far it is, and posts its figures: `cargo xtask bench` reads them, no driver is attached.

// Each exports `run(show)`, which gives {workers, workloads: [{name, unit, goal, paired, wasm_mt, floor}]}. The last two have a
// figure for each round, in that unit. The goal, {at_most} or {at_least}, is of their ratio: of the medians, or where they are
// paired the median of the rounds' own.
const BENCHMARKS = ["start", "buffer", "pool"];

const query = new URLSearchParams(location.search);

function show(text) {
  document.querySelector("#status").textContent = text;
}

function median(runs) {
  const sorted = runs.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

async function report() {
  const name = query.get("bench") ?? BENCHMARKS[0];
  if (!BENCHMARKS.includes(name)) throw new Error(`no benchmark ${name}, but ${BENCHMARKS.join(", ")}`);
  const { run } = await import(`./${name}.js`);
  return { ...await run(show), engine: navigator.userAgent };
}

let posted;
try {
  posted = await report();
  show(posted.workloads.map(({ name, unit, wasm_mt, floor }) =>
    `${name}: ${median(wasm_mt).toFixed(1)} ${unit}, floor ${median(floor).toFixed(1)} ${unit}`).join("\n"));
} catch (error) {
  posted = { error: String(error) };
  show(posted.error);
}
const to = query.get("report");
if (to) await fetch(to, { method: "POST", body: JSON.stringify(posted) });
