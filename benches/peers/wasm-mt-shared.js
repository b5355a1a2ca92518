// wasm-mt on an isolated page: jobs travel through shared memory, beside the memories of the workers.

import { Owner, Pool } from "../pkg/benches.js";
import { Both } from "./both.js";

export const fabric = "shared";

export const start = async ({ workers }) => new Both(await Pool.start(workers, true), await Owner.start(workers, true));
