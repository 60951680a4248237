/** From a picture to what is written in it. */

import { Classifier } from "./digits.js";
import { toPicture } from "./drawing.js";
import { loadNetworks } from "./networks.js";
import { Page } from "./page.js";
import { least } from "./numbers.js";
import { looksTurned, preference, readLines } from "./segment.js";
import { findUnread } from "./unread.js";
// What these import in turn, so that it is fetched at once, and not each when what needs it has come
import "./adaptation.js";
import "./components.js";
import "./constants.js";
import "./distance.js";
import "./image.js";
import "./ink.js";
import "./labeling.js";
import "./lattice.js";
import "./lines.js";
import "./litert.js";
import "./load.js";
import "./morphology.js";
import "./normalize.js";
import "./numbers.js";
import "./oversegmentation.js";
import "./resize.js";
import "./runtime.js";
import "./strips.js";
import "./strokes.js";
import "./text-line.js";

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

/** @typedef {import("./drawing.js").Point} Point */

/** @typedef {import("./load.js").Picture} Picture */

/** @typedef {{lines: Reading[][], unread: Reading["box"][]}} Found the digits of each line; where ink is that was not read */

/** Reads pictures and drawings with three networks. */
export class Reader {
  /**
   * A reader with the networks that come with it, run by LiteRT.js. They are loaded once, however often this is called.
   *
   * @returns {Promise<Reader>}
   * @throws {Error} if a file cannot be loaded; the message says which
   */
  static async load() {
    const { thresholds, ...networks } = await loadNetworks();
    return new Reader(networks, thresholds);
  }

  /**
   * @param {object} networks
   * @param {(images: Uint8Array) => Promise<Float32Array>} networks.classify n images of 28x28 to n times 10 logits
   * @param {(image: Uint8Array) => Promise<Float32Array>} networks.classifyLine an image of 40x64 or 40x128 to 21 logits for every second column
   * @param {import("./ink.js").ClassifyInk} networks.classifyInk is not asked about drawings
   * @param {(images: Uint8Array, logits: Float32Array) => boolean[]} [networks.correct] adapts the logits to a hand, in
   *   place, and says which images were taught
   * @param {{alone: number, expected: number}} thresholds the least scores of digits: of what stands by itself, and
   *   where a digit is to be expected, beside others or if there is known to be one
   */
  constructor({ classify, classifyLine, classifyInk, correct = () => [] }, thresholds) {
    this.classifyInk = classifyInk;
    this.thresholds = thresholds;
    this.classifier = new Classifier(classify, classifyLine, correct);
  }

  /**
   * Read the digits in a picture, line by line.
   *
   * @param {Picture} picture upright
   * @param {{single?: boolean, isDrawing?: boolean}} [options] whether the picture is known to show one digit, so that
   *   there is one reading; whether it is known to be black on white, with nothing but ink in black
   * @returns {Promise<Found>}
   * @throws {Error} if there is no digit in it, or it is too dense to be writing; the message says why
   * @throws {TypeError} if it is not a picture
   */
  async read(picture, { single = false, isDrawing = false } = {}) {
    checkPicture(picture);
    const opened = isDrawing ? Page.ofDrawing(picture) : await Page.open(picture, this.classifyInk);
    const { page, lines } = await this.#find(opened, single);
    if (!lines.length) throw new Error("no digits found (nothing in it has the shape of a digit)");
    const components = lines.flat().map(({ component }) => component);
    const unread = single || page.isImage ? [] : findUnread(page, components, isDrawing);
    return { lines: toReadings(page, lines, single, this.thresholds), unread };
  }

  /**
   * Read the digits of a drawing, line by line.
   *
   * @param {Point[][]} strokes the points of each stroke, in pixels or other units of which a digit is at least forty high
   * @returns {Promise<Found>} with boxes in the strokes' units
   * @throws {Error} if there is no digit in it, it is too dense to be writing, or there is no OffscreenCanvas to draw it
   *   on, as in Node; the message says which
   * @throws {TypeError} if these are not strokes
   */
  async readStrokes(strokes) {
    checkStrokes(strokes);
    const { picture, place } = toPicture(strokes);
    const { lines, unread } = await this.read(picture, { isDrawing: true });
    const toUnits = ({ x, y, width, height }) => {
      const { scale } = place;
      return { x: place.x + scale * x, y: place.y + scale * y, width: scale * width, height: scale * height };
    };
    const inUnits = lines.map((line) => line.map((reading) => ({ ...reading, box: toUnits(reading.box) })));
    return { lines: inUnits, unread: unread.map(toUnits) };
  }

  /** Find the digits; if few look like digits, in all four directions of the page, of which the best is kept. */
  async #find(page, single) {
    if (single || page.isImage) return { page, lines: [await this.classifier.classify(page, [page.digit()])] };
    const pages = [page];
    const found = [await readLines(page, this.classifier)];
    if (looksTurned(page, found[0])) {
      for (const quarters of [1, 2, 3]) {
        pages.push(page.turn(quarters));
        found.push(await readLines(pages[quarters], this.classifier));
      }
    }
    const best = least(found.map((lines, i) => -preference(pages[i], lines)));
    return { page: pages[best], lines: found[best] };
  }
}

function checkPicture(picture) {
  const { width, height, data } = picture ?? {};
  const isBytes = data instanceof Uint8ClampedArray || data instanceof Uint8Array;
  if (isBytes && data.length && data.length === 4 * width * height) return;
  throw new TypeError("not a picture: an ImageData has width, height, and data of 4 bytes for each pixel");
}

function checkStrokes(strokes) {
  if (typeof OffscreenCanvas === "undefined") throw new Error("no OffscreenCanvas to draw strokes on: read a picture of them");
  if (!Array.isArray(strokes)) throw new TypeError("not strokes: a list for each stroke, of points with x and y");
  if (!strokes.length) throw new Error("no digits found (there are no strokes)");
  const isPoint = (point) => Number.isFinite(point?.x) && Number.isFinite(point?.y);
  const wrong = strokes.findIndex((stroke) => !Array.isArray(stroke) || !stroke.length || !stroke.every(isPoint));
  if (wrong >= 0) throw new TypeError(`strokes[${wrong}] is not a list of points, each with numbers x and y`);
}

function toReadings(page, lines, single, { alone, expected }) {
  return lines.map((line) => {
    const isExpected = single || line.some((digit) => digit.score >= alone);
    return line.map(({ component, image, answer, score }) => {
      const probabilities = answer.map(Math.exp);
      const probability = Math.max(...probabilities);
      const label = score >= (isExpected ? expected : alone) ? probabilities.indexOf(probability) : null;
      return { label, probability, probabilities, box: page.box(component), image };
    });
  });
}
