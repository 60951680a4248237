/** From a picture to what is written in it. */

import { Network } from "./network.js";
import { Page } from "./page.js";
import { readLines } from "./segment.js";
// What these import in turn, so that it is fetched at once, and not each when what needs it has come
import "./cuts.js";
import "./division.js";
import "./image.js";
import "./ink.js";
import "./lines.js";
import "./load.js";
import "./normalize.js";
import "./numbers.js";
import "./parts.js";
import "./row.js";
import "./strokes.js";

const REFUSED = 0.686; // what is read with a lower score is no digit
const EXPECTED = 0.4; // likewise, where a digit is to be expected: beside others, or if there is known to be one

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

/** Reads pictures with two networks. */
export class Reader {
  /**
   * @param {(images: Uint8Array) => Promise<Float32Array>} classify n images of 28x28 to n times 10 logits
   * @param {(image: Uint8Array) => Promise<Float32Array>} classifyRow an image of 40x64 or 40x128 to 11 logits for every second column
   */
  constructor(classify, classifyRow) {
    this.network = new Network(classify, classifyRow);
  }

  /**
   * Read the digits in a picture, line by line.
   *
   * @param {ImageData} picture upright
   * @param {{single?: boolean, isDrawing?: boolean}} [options] whether the picture is known to show one digit, so that
   *   there is one reading; whether it is known to be black on white
   * @returns {Promise<{lines: Reading[][]}>}
   * @throws {Error} if the picture is blank, or too dense to be writing
   */
  async read(picture, { single = false, isDrawing = false } = {}) {
    const page = new Page(picture, isDrawing);
    if (!single && !page.isImage) return { lines: toReadings(page, await readLines(page, this.network), single) };
    return { lines: toReadings(page, [await this.network.look(page, [page.digit()])], single) };
  }
}

function toReadings(page, lines, single) {
  return lines.map((line) => {
    const isExpected = single || line.some((digit) => digit.score >= REFUSED);
    return line.map(({ part, image, answer, score }) => {
      const probabilities = answer.map(Math.exp);
      const probability = Math.max(...probabilities);
      const label = score >= (isExpected ? EXPECTED : REFUSED) ? probabilities.indexOf(probability) : null;
      return { label, probability, probabilities, box: page.box(part), image };
    });
  });
}
