// A worker of the floor: imports the glue, instantiates the Module that it is sent, and says when it is ready. From then on a
// number is a job that does nothing, and anything else says which bands of the picture it renders.

onmessage = async ({ data: { glue, module } }) => {
  const exports = await import(glue);
  exports.initSync({ module });
  onmessage = ({ data }) => {
    if (typeof data === "number") {
      postMessage(exports.empty(data));
    } else {
      const pixels = exports.bands(data.first, data.step);
      postMessage(pixels, [pixels.buffer]);
    }
  };
  postMessage("ready");
};
