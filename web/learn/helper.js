// A worker beside the trainer: gets its share of the images, then does what it is asked.
import { Learner } from "./learner.js";

/** @type {[WebAssembly.Module, import("./data.js").Digits]} */
let share;
/** @type {Learner} */
let learner;

self.addEventListener("message", ({ data }) => self.postMessage(answer(data)));

function answer([method, ...rest]) {
  if (method === "setUp") share = /** @type {any} */ (rest);
  else if (method === "begin") learner = new Learner(...share, .../** @type {[any, number, number]} */ (rest));
  else return learner[method](...rest);
}
