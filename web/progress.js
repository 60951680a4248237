// How much of what the reader needs has come.
import { supportsFeature } from "./reader/litert.js";
import SIZES from "./sizes.js";

const NETWORKS = ["reader/model.tflite", "reader/text-lines.tflite"]; // that drawings need

/**
 * Watch how much has come; the reader and LiteRT.js fetch their own files, so this stands between them and the network.
 *
 * @param {(share: number) => void} progressed called with how much, from 0 to 1
 * @returns {Promise<string>} the name of the WebAssembly files that this browser needs
 */
export async function watchLoading(progressed) {
  const runtime = (await supportsFeature("relaxedSimd")) ? "litert_wasm_internal" : "litert_wasm_compat_internal";
  const files = [`@litertjs/core/wasm/${runtime}.wasm`, ...NETWORKS];
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
  return runtime;
}
