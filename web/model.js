// The network, run by LiteRT.js in WebAssembly.
import { loadAndCompile, loadLiteRt, supportsFeature, Tensor } from "./litert/litert.js";

const SIDE = 28;
const CLASSES = 10;

/**
 * Load LiteRT.js and the network.
 *
 * @returns {Promise<{classify: (images: Uint8Array) => Promise<Float32Array>, runtime: string}>} `classify` takes n
 *   images of 784 pixels, white ink on black, and gives n times ten logits; `runtime` is the name of the WebAssembly
 *   files that this browser needs.
 */
export async function loadModel() {
  // LiteRT.js would wake a graphics processor, which this network has no use for: it finds one without a device
  const adapter = { limits: {}, features: new Set(), requestDevice: async () => null };
  Object.defineProperty(navigator, "gpu", { value: { requestAdapter: async () => adapter } });
  // printErr is where LiteRT writes what it does; what goes wrong, it throws
  self.Module = { locateFile: (name) => `litert/${name}`, printErr: () => {} };
  const [file, relaxedSimd] = await Promise.all([
    fetchBytes("model.tflite"),
    supportsFeature("relaxedSimd"),
    loadLiteRt("litert/"),
  ]);
  const model = await loadAndCompile(file, { accelerator: "wasm" });

  async function classify(images) {
    const logits = new Float32Array((images.length / SIDE ** 2) * CLASSES);
    for (let i = 0; i * SIDE ** 2 < images.length; i++) {
      const image = new Tensor(images.slice(i * SIDE ** 2, (i + 1) * SIDE ** 2), [1, SIDE, SIDE]);
      const [output] = await model.run("b1", [image]);
      logits.set(output.toTypedArray(), i * CLASSES);
      image.delete();
      output.delete();
    }
    return logits;
  }

  await classify(new Uint8Array(SIDE ** 2)); // the first run is slower than those that follow
  return { classify, runtime: relaxedSimd ? "litert_wasm_internal" : "litert_wasm_compat_internal" };
}

async function fetchBytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
