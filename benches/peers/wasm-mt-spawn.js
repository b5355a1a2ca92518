// wasm-mt again, where a handle for each job is asked for: empty jobs by `spawn`.

import { Pool } from "../pkg/benches.js";
import { Rust } from "./rust.js";

export const fabric = "post";

export const start = async ({ workers }) => new Rust(await Pool.start(workers, false), "spawn");
