// Loads glue that is a classic script, with its one global, and runs the case with it.

runCase(async (glue, wasm) => {
  const script = document.createElement("script");
  // Where a policy asks for trusted types, the page has one of its own, as this script tag needs it.
  const policy = globalThis.trustedTypes?.createPolicy("page", { createScriptURL: (url) => url });
  script.src = policy ? policy.createScriptURL(glue) : glue;
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(`could not load ${glue}`));
    document.head.append(script);
  });
  await wasm_bindgen(wasm && { module_or_path: wasm });
  return wasm_bindgen;
});
