// The page's side of the worker that reads.

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/** @typedef {{label: number | null, probability: number, probabilities: Float32Array, image: Uint8Array, box: Box}} Digit */

/** @typedef {{lines: Digit[][], unread: Box[]}} Found the digits of each line, and ink that was not read */

/** Reads in a worker, one after the other. What is to be read next gives way to what comes after it. */
export class RemoteReader {
  #worker = new Worker("worker.js");
  /** @type {Map<number, {resolve: (found: Found | null) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  /** @type {Map<number, (learned: {before: number[], after: number[]}) => void>} */
  #lessons = new Map();
  #next = 0;
  /** @type {(share: number) => void} called with how much of the network has come, from 0 to 1 */
  onprogress = () => {};

  constructor() {
    /** Resolves to the name of the runtime that LiteRT.js chose; rejects if the network cannot be loaded. */
    this.ready = new Promise((resolve, reject) => {
      this.#worker.onerror = (event) => reject(new Error(event.message || "worker.js does not run"));
      this.#worker.onmessage = ({ data: { runtime, loaded, failure, ...answer } }) => {
        if (loaded) this.onprogress(loaded);
        else if (runtime) resolve(runtime);
        else if (failure) reject(new Error(failure));
        else if (answer.lesson !== undefined) this.#learned(answer);
        else this.#settle(answer);
      };
    });
  }

  /**
   * @param {{strokes: import("./reader/drawing.js").Point[][]} | {picture: ImageData}} what a drawing or a picture
   * @returns {Promise<Found | null>} null if it was not read, because something newer was to be
   */
  read(what) {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...what });
    });
  }

  /**
   * Adapt to the digits that were taught, instead of those before.
   *
   * @param {import("./reader/adaptation.js").Hand} hand
   * @returns {Promise<{before: number[], after: number[]}>} what the network reads in their images, alone, and if in each
   *   case all others are taught
   */
  teach(hand) {
    return new Promise((resolve) => {
      const lesson = this.#next++;
      this.#lessons.set(lesson, resolve);
      this.#worker.postMessage({ lesson, hand });
    });
  }

  #learned({ lesson, before, after }) {
    this.#lessons.get(lesson)?.({ before, after });
    this.#lessons.delete(lesson);
  }

  #settle({ id, error, lines, unread }) {
    for (const [waiting, { resolve, reject }] of this.#waiting) {
      if (waiting > id) continue;
      this.#waiting.delete(waiting);
      if (waiting < id) resolve(null);
      else if (error) reject(new Error(error));
      else resolve({ lines, unread });
    }
  }
}

/** Starts at once, while the rest of the page is still on its way; null without WebAssembly. */
export const reader = typeof WebAssembly === "undefined" ? null : new RemoteReader();
