// wasm-mt on the same page, by messages: what it does where a page is not isolated.

import { Owner, Pool } from "../pkg/benches.js";
import { Both } from "./both.js";

export const fabric = "post";

export const start = async ({ workers }) => new Both(await Pool.start(workers, false), await Owner.start(workers, false));
