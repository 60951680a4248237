// The networks, run by LiteRT.js in WebAssembly.
import { loadAndCompile, loadLiteRt, supportsFeature, Tensor } from "./litert/litert.js";
import constants from "./reader/constants.js";
import SIZES from "./sizes.js";

const { SIDE, CLASSES, LINE_SIDE } = constants.form;
const NETWORKS = ["model.tflite", "text-lines.tflite"]; // that drawings need

/**
 * Load LiteRT.js and the networks; the one that finds ink only when it is first asked, because drawings need none.
 *
 * @param {(share: number) => void} progressed called with how much has come, from 0 to 1
 * @returns {Promise<{classify: (images: Uint8Array) => Promise<Float32Array>,
 *   classifyLine: (image: Uint8Array) => Promise<Float32Array>,
 *   classifyInk: (tile: Uint8Array) => Promise<Float32Array>, thresholds: {alone: number, expected: number},
 *   runtime: string}>} `classify` takes n images of 784 pixels, white ink on black, and gives n times ten logits;
 *   `classifyLine` takes one of 40x64 or 40x128 and gives eleven for every second column; `classifyInk` takes a square
 *   of red, green and blue and gives the probability that each pixel is ink; `thresholds` are the scores below which
 *   answers of `classify` are refused; `runtime` is the name of the WebAssembly files that this browser needs.
 */
export async function loadModel(progressed) {
  // LiteRT.js would wake a graphics processor, which this network has no use for: it finds one without a device
  const adapter = { limits: {}, features: new Set(), requestDevice: async () => null };
  Object.defineProperty(navigator, "gpu", { value: { requestAdapter: async () => adapter } });
  // @ts-expect-error: the types of LiteRT.js know no printErr
  // printErr is where LiteRT writes what it does; what goes wrong, it throws
  self.Module = { locateFile: (name) => `litert/${name}`, printErr: () => {} };
  const relaxedSimd = await supportsFeature("relaxedSimd");
  const runtime = relaxedSimd ? "litert_wasm_internal" : "litert_wasm_compat_internal";
  countBytes([`litert/${runtime}.wasm`, ...NETWORKS], progressed);
  const [[thresholds, file, lineFile]] = await Promise.all([
    Promise.all(["thresholds.json", ...NETWORKS].map(fetchBytes)),
    loadLiteRt("litert/"),
  ]);
  const model = await loadAndCompile(file, { accelerator: "wasm" });
  const lineModel = await loadAndCompile(lineFile, { accelerator: "wasm" });
  /** @type {import("./litert/litert.js").CompiledModel | undefined} */
  let inkModel;

  async function classifyInk(tile) {
    inkModel ??= await loadAndCompile(await fetchBytes("ink.tflite"), { accelerator: "wasm" });
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
  return {
    classify,
    classifyLine,
    classifyInk,
    thresholds: JSON.parse(new TextDecoder().decode(thresholds)),
    runtime,
  };
}

async function run(model, signature, pixels, shape) {
  const image = new Tensor(pixels, shape);
  const [output] = await model.run(signature, [image]);
  const answer = output.toTypedArray().slice();
  image.delete();
  output.delete();
  return answer;
}

/**
 * Watch how much of some files has come; LiteRT.js fetches its own, so this stands between it and the network.
 *
 * @param {string[]} files
 * @param {(share: number) => void} progressed
 */
function countBytes(files, progressed) {
  const total = files.reduce((sum, file) => sum + SIZES[file], 0);
  const fetchFile = self.fetch;
  let come = 0;
  self.fetch = async (...request) => {
    const response = await fetchFile(...request);
    if (files.some((file) => response.ok && response.url.endsWith(file))) count(response.clone());
    return response;
  };

  async function count({ body }) {
    const reader = body.getReader();
    for (let part; (part = await reader.read()), !part.done; progressed(come / total)) come += part.value.length;
  }
}

async function fetchBytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
