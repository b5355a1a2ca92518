// Runs the case that the page's query names and posts what came out: {ok, text} to the query's `outcome`. Without a
// case it posts the names of all. `load` gives the exports of the initialized glue; it differs by kind of glue.
//
// What goes wrong where nobody awaits it is written on the page: the harness reads that when nothing is posted.

addEventListener("error", (event) => note(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => note(`unhandled rejection: ${event.reason}`));

function note(text) {
  document.body.append(text, document.createElement("br"));
}

async function runCase(load) {
  const query = new URLSearchParams(location.search);
  let outcome;
  try {
    // The module may be served elsewhere than beside the glue.
    const glue = await load(query.get("glue"), query.get("wasm") ?? undefined);
    breakThings(query.get("break")?.split(" ") ?? []);
    const name = query.get("case");
    const text = name ? await glue.run_case(name) : glue.case_names().join(" ");
    outcome = { ok: true, text };
  } catch (error) {
    outcome = { ok: false, text: String(error) };
  }
  note(`${outcome.ok ? "ok" : "failed"}: ${outcome.text}`);
  await fetch(query.get("outcome"), { method: "POST", body: JSON.stringify(outcome) });
}

// Takes from the page what some browser or policy may not give it.
function breakThings(names) {
  if (names.includes("clone")) {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (Array.isArray(message) && message.some((value) => value instanceof WebAssembly.Module)) {
        throw new DOMException("a module is not cloned here", "DataCloneError");
      }
      return postMessage.call(this, message, ...rest);
    };
  }
  if (names.includes("fetch")) {
    const { fetch } = window;
    window.fetch = (url, ...rest) =>
      new URL(url, location).pathname.endsWith(".wasm") ? Promise.reject(new TypeError("no fetch here")) : fetch(url, ...rest);
  }
}
