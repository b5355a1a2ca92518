// Loads glue that is an ES module and runs the case with it.

runCase(async (glue, wasm) => {
  const exports = await import(glue);
  await exports.default(wasm && { module_or_path: wasm });
  return exports;
});
