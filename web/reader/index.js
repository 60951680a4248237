/** From a picture to what is written in it. */

import { Page } from "./page.js";
import { look, readLines, score } from "./segment.js";

const REFUSED = 0.73; // what is read with a lower score is no digit
const EXPECTED = 0.45; // likewise, where a digit is to be expected: beside others, or if there is known to be one

/**
 * One digit that was read.
 *
 * @typedef {object} Reading
 * @property {number|null} label the most probable digit; null if it is probably no digit
 * @property {number} probability of the most probable digit, 0 to 1
 * @property {Float32Array} probabilities of all ten
 * @property {{x: number, y: number, width: number, height: number}} box the part of the picture, in pixels
 * @property {Uint8Array} image 28x28, what the network saw
 */

/** Reads pictures with one network. */
export class Reader {
  /** @param {(images: Uint8Array) => Promise<Float32Array>} classify n images of 28x28 to n times 10 logits */
  constructor(classify) {
    this.classify = classify;
  }

  /**
   * Read the digits in a picture, line by line.
   *
   * @param {ImageData} picture upright
   * @param {{single?: boolean}} [options] whether the picture is known to show one digit; then there is one reading
   * @returns {Promise<{lines: Reading[][]}>}
   * @throws {Error} if the picture is blank
   */
  async read(picture, { single = false } = {}) {
    const page = new Page(picture);
    if (!single && !page.isImage) return { lines: toReadings(page, await readLines(page, this.classify), single) };
    const digit = { part: page.digit() };
    await look(page, [digit], this.classify);
    return { lines: toReadings(page, [[digit]], single) };
  }
}

function toReadings(page, lines, single) {
  return lines.map((line) => {
    const isExpected = single || line.some(({ answer }) => score(answer) >= REFUSED);
    return line.map(({ part, image, answer }) => {
      const probabilities = answer.map(Math.exp);
      const probability = Math.max(...probabilities);
      const label = score(answer) >= (isExpected ? EXPECTED : REFUSED) ? probabilities.indexOf(probability) : null;
      return { label, probability, probabilities, box: page.box(part), image };
    });
  });
}
