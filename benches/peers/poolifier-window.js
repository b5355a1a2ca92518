// What poolifier-web-worker 0.5 knows a browser by, also in a worker, where there is none.
globalThis.window ??= globalThis;
