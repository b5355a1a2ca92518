// The speed-up against the number of workers: an SVG with a line for each way, bars for the spread, and what could be had at best.

import { plural, svg } from "./dom.js";

const [WIDTH, HEIGHT] = [420, 350];
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 12, 12, 44];
const WAYS = {
  "static-split": { className: "static", by: -5 },
  "work-stealing": { className: "stealing", by: 5 },
};

/** Draws rows of up to `most` workers into `element`. `cores` says where more workers can no longer help. */
export function chart(element, rows, most, cores) {
  const top = Math.max(most, ...rows.map((row) => row.speed_up_range[1])) * 1.05;
  const x = (workers) => LEFT + (WIDTH - LEFT - RIGHT) * (workers - 0.5) / most;
  const y = (times) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * times / top;
  const parts = [];
  const text = (className, x, y, words, anchor = "middle") => parts.push(svg("text", { class: className, x, y, "text-anchor": anchor }, words));

  for (let times = 0; times <= top; times++) {
    parts.push(svg("path", { class: "grid", d: `M${LEFT} ${y(times)}H${WIDTH - RIGHT}` }));
    text("axis", LEFT - 8, y(times) + 4, `${times} ×`, "end");
  }
  for (let workers = 1; workers <= most; workers++) text("axis", x(workers), HEIGHT - BOTTOM + 20, workers);
  text("axis", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "workers");
  if (cores < most) {
    const edge = x(cores + 0.5);
    parts.push(svg("path", { class: "cores", d: `M${edge} ${TOP}V${HEIGHT - BOTTOM}` }));
    text("axis", edge - 6, TOP + 10, plural(cores, "core"), "end");
  }
  const end = Math.min(most + 0.45, top);
  parts.push(svg("path", { class: "ideal", d: `M${x(0.5)} ${y(0.5)}L${x(end)} ${y(end)}` }));

  for (const [mode, { className, by }] of Object.entries(WAYS)) {
    const line = rows.filter((row) => row.mode === mode);
    const at = (row) => x(row.workers) + by;
    if (line.length > 0) parts.push(svg("path", { class: `line ${className}`, d: `M${line.map((row) => `${at(row)} ${y(row.speed_up)}`).join("L")}` }));
    for (const row of line) {
      const [low, high] = row.speed_up_range.map(y);
      parts.push(svg("path", { class: `spread ${className}`, d: `M${at(row) - 4} ${low}h8M${at(row)} ${low}V${high}M${at(row) - 4} ${high}h8` }));
      const [cx, cy] = [at(row), y(row.speed_up)];
      // A square and a circle: told apart without their colours.
      parts.push(className === "static"
        ? svg("rect", { class: className, x: cx - 5, y: cy - 5, width: 10, height: 10 })
        : svg("circle", { class: className, cx, cy, r: 5.5 }));
    }
  }
  element.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  element.setAttribute("aria-label", `Speed-up by number of workers. ${rows.length > 0 ? inWords(rows) : "Nothing is measured yet."}`);
  element.replaceChildren(...parts);
}

const inWords = (rows) => Object.keys(WAYS).filter((mode) => rows.some((row) => row.mode === mode)).map((mode) => {
  const figures = rows.filter((row) => row.mode === mode).map((row) => `${row.speed_up.toFixed(2)} with ${row.workers}`);
  return `${mode.replace("-", " ")}: ${figures.join(", ")}.`;
}).join(" ");
