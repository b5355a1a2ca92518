// The worker's script, of which every worker of wasm-mt is made (as a blob, or as a file). It loads the program's own glue script,
// instantiates the module it is given, passes orders on to it, and outlives it: after a trap the instance can no longer
// be asked, so it is this script that tells the owner which job it was.
//
// Messages are arrays whose first element is a number that only this worker and its owner know. Everything else that
// arrives here is the program's own and left to it.
//
// It is a function of its version, which `builder.rs` calls it with.
((version) => {
  "use strict";
  // From the owner.
  const START = 0, RUN = 1, ABORT = 2, MODULE_IS = 3, PING = 4, CONTEXT = 5, FORGET = 6, ANSWER = 7, GO = 8, POOL = 9,
    BOARD = 10;
  // To the owner; the numbers are those of `link.rs`.
  const STARTED = 0, START_FAILED = 1, REPORT = 2, DIED = 5, HOLDS = 9, PONG = 10;
  // How far a start came that failed; the numbers are those of `start.rs`.
  const GLUE = 0, MODULE = 1, SCRIPT = 2, BUILD = 3, REFUSED = 4;

  const postMessage = self.postMessage.bind(self);
  let token, glue, give, memory, running = () => 0, reports = () => [], stop = () => {}, entered, dead = false, handled = 0;
  const given = new Promise((resolve) => give = resolve);

  const text = (error) => {
    try {
      return String(error).trim();
    } catch {
      return "an exception that has no text";
    }
  };

  // Where there is no room for an allocation, Rust ends in a trap that does not say so.
  const room = () => {
    const grown = memory ? Math.round(memory.buffer.byteLength / 2 ** 20) : 0;
    return grown < 1024 ? "" : `; its memory had grown to ${grown} MiB, and more may have been refused`;
  };

  const died = (error, closed = false) => {
    if (dead) return;
    dead = true;
    // What a job throws that hears at a checkpoint that it was aborted.
    if (error === true) [error, closed] = ["an aborted job beside it was stopped", true];
    // After `close()`, or a trap, what has been begun in this turn would go on.
    stop();
    // What ended before, and waited for the rest of its frame.
    const told = reports();
    if (told.length) postMessage([token, REPORT, told]);
    postMessage([token, DIED, running(), text(error) + room(), closed, entered?.()]);
  };

  // The program's own `close()` would end this worker without a word to its owner.
  const close = self.close.bind(self);
  self.close = () => {
    died("the program called close() in it", true);
    close();
  };

  // A lock that is this worker's until it ends, whatever ends it. Its owner waits for the same one, which tells something where it
  // sees our locks: as we see the one that it has itself. Once a job runs, this script may never have a turn in which to hear that
  // it has a lock, so it has it before the first job comes.
  let keep;
  const hold = (owners) => new Promise((resolve) => {
    // A browser that does not answer holds up no start.
    setTimeout(resolve, 1000);
    try {
      const { locks } = navigator;
      const name = `wasm-mt ${crypto.randomUUID()}`;
      const held = async () => {
        // Shared: another worker that looks just then would else be taken for the owner.
        const look = { ifAvailable: true, mode: "shared" };
        const sees = owners && await locks.request(owners, look, (lock) => !lock);
        postMessage([token, HOLDS, name, sees]);
        resolve();
        await new Promise((resolve) => { keep = resolve; });
      };
      locks.request(name, held).catch(resolve);
    } catch {
      // There are none here; its owner will ask for signs of life.
      resolve();
    }
  });

  // Trusted Types: a policy that passes every URL, so nobody gets it but this script, and the instance for workers of its
  // own: a second one of this name may be refused.
  let policy;
  try {
    policy = self.trustedTypes.createPolicy("wasm-mt", { createScriptURL: String });
  } catch {
    // There are none, or they do not allow the name. Then a string does, or what it is needed for fails.
  }

  // One script can be either kind; which, only loading it tells. A script of the other kind loads as one that is not
  // glue (`no-modules` as a module) or does not parse (a module as a classic script).
  const loadModule = (url) => import(url);
  const loadClassic = async (url) => {
    importScripts(policy ? policy.createScriptURL(url) : url);
    return typeof wasm_bindgen === "undefined" ? {} : wasm_bindgen;
  };
  const load = async (url, classic) => {
    const ways = classic ? [loadClassic, loadModule] : [loadModule, loadClassic];
    let first;
    for (const way of ways) {
      try {
        const loaded = await way(url);
        if (typeof loaded.initSync === "function") return loaded;
        first ??= new Error("it has no `initSync`, so it is not glue made by `wasm-bindgen --target web` or `no-modules`");
      } catch (error) {
        first ??= error;
        if (!(error instanceof SyntaxError)) break;
      }
    }
    throw first;
  };

  const compiled = async (source) => {
    if (source instanceof WebAssembly.Module) return source;
    if (typeof source === "string") {
      const response = await fetch(source);
      if (!response.ok) throw new Error(`${source} answered with status ${response.status}`);
      source = await response.arrayBuffer();
    }
    return WebAssembly.compile(source);
  };

  // What went through wasm code as an exception, and so cut it short.
  const cutting = new WeakSet();
  const watched = (f) => (...args) => {
    try {
      return f(...args);
    } catch (error) {
      if (Object(error) === error) cutting.add(error);
      throw error;
    }
  };

  // The glue runs the program's own start function as soon as there is an instance. In a worker it must not: it would
  // start workers in turn, or look for a window. What else happens there, the table of references, is done here.
  const instantiate = (module) => {
    const { Instance } = WebAssembly;
    WebAssembly.Instance = function (module, imports) {
      const exports = {};
      for (const [name, value] of Object.entries(new Instance(module, imports).exports)) {
        exports[name] = typeof value === "function" ? watched(value) : value;
      }
      if (exports.__wbindgen_start) {
        exports.__wbindgen_start = () => {
          for (const from of Object.values(imports)) from.__wbindgen_init_externref_table?.();
        };
      }
      return { exports };
    };
    try {
      return glue.initSync({ module });
    } finally {
      WebAssembly.Instance = Instance;
    }
  };

  const start = async (theirs, url, classic, id, name, onStart, build, pool, tracer, owners, board) => {
    let stage = SCRIPT;
    const holds = hold(owners);
    try {
      if (theirs !== version) throw version;
      stage = GLUE;
      glue = await load(url, classic);
      stage = MODULE;
      ({ memory } = instantiate(await compiled(await given)));
      stage = BUILD;
      if (glue.__wasm_mt_build() !== build) throw "";
      if (policy) glue.__wasm_mt_trust(policy);
      const marks = glue.__wasm_mt_enter(token, id, name, pool, tracer);
      const [address] = new Uint32Array(memory.buffer, marks, 1);
      running = () => Number(new DataView(memory.buffer).getBigUint64(address, true));
      reports = () => {
        const [at, length] = new Uint32Array(memory.buffer, marks + 4, 2);
        return new Uint8Array(memory.buffer).slice(at, at + length);
      };
      entered = () => new Uint32Array(memory.buffer, marks + 16, 1)[0];
      stop = () => new Uint32Array(memory.buffer, marks + 12, 1).fill(1);
      if (drives = board) glue.__wasm_mt_board(board);
      await holds;
    } catch (error) {
      postMessage([token, START_FAILED, stage, text(error)]);
      return;
    }
    try {
      if (onStart) glue.__wasm_mt_on_start(onStart);
      postMessage([token, STARTED]);
    } catch (error) {
      died(error);
    }
    if (drives) hopped(BEHIND);
  };

  // Comes back through the event loop, behind what waits for this worker by now. By a timer: WebKit sends a channel's message through
  // another process, which takes milliseconds while the page is busy. From a timer's callback by a channel: timers that are set
  // there one after the other are slowed down, https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timers.
  //
  // It comes back for frames that wait, or to drive: what a worker with a board does beside messages, behind each of them and its
  // microtasks. That says whether it wants to come back; else a message will wake it. It is told how many messages have been
  // handled: whoever posts counts, too, so that it gives way to those that wait.
  //
  // While a page is blocked no channel's message comes in WebKit, so there it comes to drive by timers alone.
  const standsStill = /AppleWebKit(?!.*Chrom)/.test(navigator.userAgent);
  let channel, drives, returns;
  const FRAME = 0, DRIVE = 1, BEHIND = 2;
  const hopped = (why, byTimer) => {
    if (dead) return;
    try {
      if (why === FRAME) return hop(glue.__wasm_mt_hop(), why, byTimer);
      if (why === DRIVE) returns = false;
      if (glue.__wasm_mt_drive(handled)) hop(!returns && (returns = true), DRIVE, byTimer);
    } catch (error) {
      died(error);
    }
  };
  const hop = (wanted, why = FRAME, byChannel) => {
    if (!wanted) return;
    if (!byChannel || (why === DRIVE && standsStill)) {
      setTimeout(hopped, 0, why, true);
      return;
    }
    if (!channel) {
      channel = new MessageChannel();
      channel.port1.onmessage = ({ data }) => hopped(data);
    }
    channel.port2.postMessage(why);
  };

  self.addEventListener("message", (event) => {
    const { data } = event;
    if (!Array.isArray(data)) return;
    token ??= data[0];
    if (data[0] !== token) return;
    event.stopImmediatePropagation();
    if (dead) return;
    handled++;
    const [, kind, ...rest] = data;
    try {
      if (kind === RUN) hop(glue.__wasm_mt_run(...rest));
      else if (kind === ABORT) glue.__wasm_mt_abort(...rest);
      else if (kind === GO) hop(glue.__wasm_mt_go(...rest));
      else if (kind === CONTEXT) glue.__wasm_mt_context(...rest);
      else if (kind === FORGET) glue.__wasm_mt_forget(...rest);
      else if (kind === POOL) glue.__wasm_mt_pool(...rest);
      else if (kind === ANSWER) glue.__wasm_mt_answer(...rest);
      else if (kind === BOARD) glue.__wasm_mt_board(...rest);
      else if (kind === PING) postMessage([token, PONG]);
      else if (kind === START) start(...rest);
      else if (kind === MODULE_IS) {
        give?.(rest[0]);
        give = undefined;
      }
    } catch (error) {
      died(error);
    }
    if (drives) Promise.resolve().then(() => hopped(BEHIND));
  });

  // Until the module is there, it is the module that could not be received. There are other ways to it.
  self.addEventListener("messageerror", () => {
    handled++;
    if (give) postMessage([token, START_FAILED, REFUSED, ""]);
    else died(new Error("a message could not be received"));
  });

  // An async job goes on from the microtasks, and what escapes there comes by here. So does what the program itself lets
  // escape; it ends the instance only where wasm code was cut short.
  const escaped = (event, error) => {
    if (!glue || dead) return;
    if (running() === 0 && !cutting.has(error)) return;
    event.preventDefault();
    died(error);
  };
  self.addEventListener("error", (event) => escaped(event, event.error ?? event.message));
  self.addEventListener("unhandledrejection", (event) => escaped(event, event.reason));
})
