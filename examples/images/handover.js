// Who draws the thumbnails: the workers, on canvases that are handed to them, or the page.

const SOON = 500; // ms in which a canvas shows what was drawn on it
const GONE = 300; // ms in which it has lost that, if it does

/**
 * Whether the workers draw, and why, in words. `wanted` is `worker`, `page`, or null for what suits the browser.
 *
 * A canvas that can be handed over is not all that is needed: in Firefox it is blank again once the worker that drew on it has
 * ended, as one does whose picture is cancelled. So that is tried.
 */
export async function whoDraws(wanted) {
  if (!("transferControlToOffscreen" in HTMLCanvasElement.prototype) || !new OffscreenCanvas(1, 1).getContext("2d")) {
    return { workersDraw: false, why: "as this browser hands no canvas to a worker" };
  }
  if (wanted === "worker") return { workersDraw: true, why: "as the address asks for it" };
  if (wanted === "page") return { workersDraw: false, why: "as the address asks for it" };
  if (await lasts()) return { workersDraw: true, why: "on canvases that were handed to them" };
  return { workersDraw: false, why: "as in this browser a canvas is blank again when the worker that drew on it has ended" };
}

/** Whether what a worker has drawn stays when it has ended. */
async function lasts() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const handed = canvas.transferControlToOffscreen();
  const url = URL.createObjectURL(new Blob(["onmessage = ({ data }) => data.getContext('2d').fillRect(0, 0, 1, 1);"], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.postMessage(handed, [handed]);
  try {
    const shown = await within(SOON, () => isDrawn(canvas));
    worker.terminate();
    return shown && !await within(GONE, () => !isDrawn(canvas));
  } catch {
    return false;
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
}

function isDrawn(canvas) {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, 1, 1).data[3] > 0;
}

/** Whether something is seen to hold in so many milliseconds. No event tells. */
async function within(ms, holds) {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
