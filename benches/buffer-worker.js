// A worker of the floor: copies what it is sent into wasm memory of its own, and from there into a fresh array, which it
// sends back. The first message says how many pages that memory has.

let memory;

onmessage = ({ data }) => {
  if (!memory) {
    memory = new WebAssembly.Memory({ initial: data });
    return;
  }
  const inside = new Uint8Array(memory.buffer, 0, data.length);
  inside.set(data);
  const back = inside.slice();
  postMessage(back, [back.buffer]);
};
