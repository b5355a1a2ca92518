// Loads glue that is a classic script, with its one global, and runs the case with it.

runCase(async (glue, wasm) => {
  const script = document.createElement("script");
  script.src = glue;
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(`could not load ${glue}`));
    document.head.append(script);
  });
  await wasm_bindgen(wasm && { module_or_path: wasm });
  return wasm_bindgen;
});
