/** The networks, run by LiteRT.js in WebAssembly. */

import constants from "./constants.js";
import { loadAndCompile, loadLiteRt, Tensor } from "./litert.js";
import { nodeModule } from "./runtime.js";

/**
 * @typedef {object} Networks
 * @property {(images: Uint8Array) => Promise<Float32Array>} classify takes n images of 784 pixels, white ink on black,
 *   and gives n times ten logits
 * @property {(image: Uint8Array) => Promise<Float32Array>} classifyLine takes an image of 40x64 or 40x128 and gives, for
 *   every second column, a logit for each digit, for each sign, and for none
 * @property {(tile: Uint8Array) => Promise<Float32Array>} classifyInk takes a square of red, green and blue and gives the
 *   probability that each pixel is ink
 * @property {{alone: number, expected: number}} thresholds the scores below which answers of `classify` are refused
 */

const { SIDE, CLASSES, LINE_SIDE } = constants.form;

/** @type {Promise<Networks> | undefined} LiteRT.js loads once */
let networks;

/**
 * Load LiteRT.js and the networks, once; the one that finds ink only when it is first asked, because drawings need none.
 *
 * @returns {Promise<Networks>}
 * @throws {Error} if a file cannot be loaded; the message says which
 */
export function loadNetworks() {
  networks ??= load().catch((error) => {
    networks = undefined; // the next call may find what was missing
    throw error;
  });
  return networks;
}

/** @returns {Promise<Networks>} */
async function load() {
  const [thresholds, file, lineFile] = await Promise.all([
    fetchBytes(new URL("./thresholds.json", import.meta.url)),
    fetchBytes(new URL("./model.tflite", import.meta.url)),
    fetchBytes(new URL("./text-lines.tflite", import.meta.url)),
    loadLiteRt(""), // which chooses one of the files in runtime.js
  ]);
  const model = await loadAndCompile(file, { accelerator: "wasm" });
  const lineModel = await loadAndCompile(lineFile, { accelerator: "wasm" });
  /** @type {import("./litert.js").CompiledModel | undefined} */
  let inkModel;

  async function classifyInk(tile) {
    inkModel ??= await loadAndCompile(await fetchBytes(new URL("./ink.tflite", import.meta.url)), { accelerator: "wasm" });
    const side = Math.sqrt(tile.length / 3);
    return run(inkModel, `t${side}`, tile, [1, side, side, 3]);
  }

  async function classifyLine(image) {
    const columns = image.length / LINE_SIDE;
    return run(lineModel, `c${columns}`, image, [1, LINE_SIDE, columns]);
  }

  async function classify(images) {
    const logits = new Float32Array((images.length / SIDE ** 2) * CLASSES);
    for (let i = 0; i * SIDE ** 2 < images.length; i++) {
      const image = images.slice(i * SIDE ** 2, (i + 1) * SIDE ** 2);
      logits.set(await run(model, "b1", image, [1, SIDE, SIDE]), i * CLASSES);
    }
    return logits;
  }

  await classify(new Uint8Array(SIDE ** 2)); // the first run is slower than those that follow
  return { classify, classifyLine, classifyInk, thresholds: JSON.parse(new TextDecoder().decode(thresholds)) };
}

async function run(model, signature, pixels, shape) {
  const image = new Tensor(pixels, shape);
  const [output] = await model.run(signature, [image]);
  const answer = output.toTypedArray().slice();
  image.delete();
  output.delete();
  return answer;
}

/** @param {URL} url */
async function fetchBytes(url) {
  if (url.protocol === "file:") return new Uint8Array(await nodeModule("fs/promises").readFile(url)); // fetch does not
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
