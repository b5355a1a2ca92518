// wasm-mt: a `ThreadPool` of the page's module, by messages, as on most pages. Many empty jobs go by `map`.

import { Pool } from "../pkg/benches.js";
import { Rust } from "./rust.js";

export const fabric = "post";

export const start = async ({ workers }) => new Rust(await Pool.start(workers, false), "map");
