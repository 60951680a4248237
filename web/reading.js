// The page's side of the worker that reads.

/** @typedef {{label: number | null, probability: number, probabilities: Float32Array, image: Uint8Array,
 *    box: {x: number, y: number, width: number, height: number}}} Digit */

/** Reads pictures in a worker, one after the other. */
class RemoteReader {
  #worker = new Worker("worker.js");
  /** @type {Map<number, {resolve: (lines: Digit[][]) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  #next = 0;

  constructor() {
    /** Resolves to the name of the runtime that LiteRT.js chose; rejects if the network cannot be loaded. */
    this.ready = new Promise((resolve, reject) => {
      this.#worker.onerror = (event) => reject(new Error(event.message || "worker.js does not run"));
      this.#worker.onmessage = ({ data: { id, runtime, failure, error, lines } }) => {
        if (runtime) resolve(runtime);
        else if (failure) reject(new Error(failure));
        else {
          const waiting = this.#waiting.get(id);
          this.#waiting.delete(id);
          if (error) waiting.reject(new Error(error));
          else waiting.resolve(lines);
        }
      };
    });
  }

  /**
   * @param {ImageData} picture
   * @returns {Promise<Digit[][]>} the digits of each line
   */
  read(picture) {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, picture });
    });
  }
}

/** Starts at once, while the rest of the page is still on its way; null without WebAssembly. */
export const reader = typeof WebAssembly === "undefined" ? null : new RemoteReader();
