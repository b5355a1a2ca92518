// A worker of the floor: what a hand-written program does at the least. It imports the glue, instantiates the Module that
// it is sent, and answers one call.

onmessage = async ({ data: { glue, module, place } }) => {
  const exports = await import(glue);
  exports.initSync({ module });
  postMessage(exports.answer(place));
};
