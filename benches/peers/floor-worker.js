// A worker of the floor. The first message brings the glue and the module; from then on a number is a job that does nothing, and
// anything else the name of an export and its argument.

onmessage = async ({ data: { glue, module, place } }) => {
  const exports = await import(glue);
  exports.initSync({ module });
  onmessage = ({ data }) => {
    if (typeof data === "number") {
      postMessage(exports.empty(data));
    } else {
      const [name, argument] = data;
      const result = exports[name](argument);
      postMessage(result, result instanceof Uint8Array ? [result.buffer] : []);
    }
  };
  postMessage(exports.answer(place));
};
