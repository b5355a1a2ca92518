// What the pages in the form of 0.1 share: their glue, of either kind, and the form that runs them. `parallel`, which has both
// forms, takes the glue.

/** Runs `work(glue, url)` now, and again each time the form is submitted. What it returns, or why it failed, is in #status. */
export async function run(name, work) {
  const [form, status] = [document.querySelector("form"), document.querySelector("#status")];
  const say = (state, text) => {
    status.textContent = text;
    status.dataset.state = state;
  };
  const enable = (enabled) => {
    for (const control of form.elements) control.disabled = !enabled;
  };
  const go = async () => {
    enable(false);
    say("busy", "running");
    try {
      const { glue, url } = await load(name);
      say("done", `done: ${await work(glue, url)}`);
    } catch (error) {
      say("failed", `failed: ${messageOf(error)}`);
    }
    enable(true);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  await go();
}

/** The initialized glue and its address: an ES module or, with `?glue=no-modules`, a classic script. */
export async function load(name) {
  if (new URLSearchParams(location.search).get("glue") !== "no-modules") {
    const url = new URL(`pkg/${name}.js`, document.baseURI).href;
    const glue = await import(url);
    await glue.default();
    return { glue, url };
  }
  const url = new URL(`pkg-no-modules/${name}.js`, document.baseURI).href;
  loaded ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(wasm_bindgen());
    script.onerror = () => reject(new Error(`${url} did not load`));
    document.head.append(script);
  });
  await loaded;
  return { glue: wasm_bindgen, url };
}

/** A classic script that ran twice would declare its global twice, which is an error. */
let loaded;

/** Errors, and whatever else was thrown, in words. */
export const messageOf = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** Milliseconds as a text; with a decimal where that says something. */
export const ms = (time) => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;
