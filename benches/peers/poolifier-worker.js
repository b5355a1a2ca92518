// A worker of poolifier-web-worker: instantiates the Module that it is sent, and calls exports by their names. It cannot transfer
// what it answers.

import "./poolifier-window.js";
import { ThreadWorker } from "../npm/poolifier.js";

let exports;

export default new ThreadWorker({
  async start({ glue, module, place }) {
    exports = await import(glue);
    exports.initSync({ module });
    return exports.answer(place);
  },

  call: ([name, argument]) => exports[name](argument),
});
