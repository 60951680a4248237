/**
 * A line of writing seen as a whole, by a network that knows every digit among its neighbors.
 *
 * It says in every second column which digit stands there, or none. What it says of the columns of one piece of ink
 * tells how likely they show just that digit: the sum over all ways in which it may begin and end there.
 */

import { crop, enlarge, map, paste, raster, shrink } from "./image.js";
import { logAddExp, logSoftmax, round, sum } from "./numbers.js";

/** @typedef {import("./image.js").Raster} Raster */
/** @typedef {{image: Raster, left: number, scale: number}} Strip a line as an image; where it begins, how it is scaled */
/** @typedef {import("./lines.js").Line} Line */
/**
 * A digit that the network sees in a line: between which columns of the page, and the logarithms of the probabilities of
 * the ten digits where it is surest.
 *
 * @typedef {{left: number, right: number, answer: Float32Array}} Seen
 */

const { fround } = Math;
const [SIDE, SHORT, LONG] = [40, 64, 128]; // pixels, of an image of a row, which may be short or long
const STEP = 2; // of its columns for each answer
const [CLASSES, ANSWERS] = [10, 11];
const MARGIN = 0.3; // heights of the line, on both sides
const FAINT = 40; // of 255; fainter lines stay fainter than others
const SIGHT = 16; // columns to both sides that an answer depends on
const [LARGER, CLEARER] = [1.4, 0.1]; // how much a line is enlarged, and what that must gain, in nats for each digit
const LEAST = -8; // no evidence against a digit or its absence is stronger: the network is sure too early

/** What the network sees in a line. */
export class RowReading {
  /**
   * @param {Strip} strip the line
   * @param {Float32Array[]} answers the logarithms of the probabilities of the ten digits and of none, at every second
   *   column
   */
  constructor(strip, answers) {
    this.strip = strip;
    this.answers = answers;
    /** @type {Seen[]} the digits in the likeliest answers, from left to right */
    this.seen = [];
    const labels = answers.map((answer) => answer.indexOf(Math.max(...answer)));
    for (let start = 0, end; start < labels.length; start = end) {
      end = start + 1;
      while (labels[end] === labels[start]) end++;
      if (labels[start] === CLASSES) continue;
      const run = answers.slice(start, end);
      const answer = run.reduce((best, each) => (each[labels[start]] > best[labels[start]] ? each : best));
      this.seen.push({ left: this.#column(start), right: this.#column(end), answer: answer.slice(0, CLASSES) });
    }
  }

  /** How much the likeliest answers surprise, for each digit in them. */
  surprise() {
    return -sum(this.answers.map((answer) => Math.max(...answer))) / Math.max(1, this.seen.length);
  }

  /**
   * The logarithms of the probabilities that from one column of the page to another there is just each digit.
   *
   * @param {number} left
   * @param {number} right
   */
  digits(left, right) {
    let before = 0;
    const within = new Float64Array(CLASSES).fill(-Infinity);
    const after = new Float64Array(CLASSES).fill(-Infinity);
    for (const answer of this.#between(left, right)) {
      const nothing = answer[CLASSES];
      for (let digit = 0; digit < CLASSES; digit++) {
        after[digit] = logAddExp(after[digit], within[digit]) + nothing;
        within[digit] = logAddExp(within[digit], before) + answer[digit];
      }
      before += nothing;
    }
    return within.map((value, digit) => Math.max(logAddExp(value, after[digit]), LEAST));
  }

  /**
   * Likewise that there is no digit.
   *
   * @param {number} left
   * @param {number} right
   */
  nothing(left, right) {
    return Math.max(sum(this.#between(left, right).map((answer) => answer[CLASSES])), LEAST);
  }

  #column(frame) {
    return this.strip.left + (STEP * frame) / this.strip.scale;
  }

  #between(left, right) {
    const frame = (x) => {
      const place = round(((x - this.strip.left) * this.strip.scale) / STEP);
      return Math.max(0, Math.min(place, this.answers.length));
    };
    return this.answers.slice(frame(left), frame(right));
  }
}

/**
 * See a line as a whole, at its height, or larger where that surprises less: print may make a line seem higher. A line
 * of a single part is as high as that.
 *
 * @param {import("./page.js").Page} page
 * @param {Line} line
 * @param {(image: Uint8Array) => Promise<Float32Array>} classifyRow an image of 40x64 or 40x128 to 11 logits for every second column
 * @returns {Promise<RowReading>}
 */
export async function readRow(page, line, classifyRow) {
  const readAt = async (digit) => {
    const strip = cutStrip(page, line, digit);
    return new RowReading(strip, await lookAt(strip.image, classifyRow));
  };
  const usual = await readAt(line.height);
  if (line.parts.length === 1 || usual.surprise() <= CLEARER) return usual;
  const larger = await readAt(line.height / LARGER);
  return usual.surprise() - larger.surprise() > CLEARER ? larger : usual;
}

/**
 * Cut a line out of a page.
 *
 * @param {import("./page.js").Page} page
 * @param {Line} line of its ink
 * @param {number} digit the height of the line's digits, in pixels of the page
 * @returns {Strip}
 */
function cutStrip({ ink }, line, digit) {
  const height = Math.max(2, round(2 * digit));
  const top = round(line.middle - height / 2);
  const margin = round(MARGIN * digit);
  const left = Math.min(...line.parts.map(({ x }) => x)) - margin;
  const width = Math.max(...line.parts.map(({ right }) => right)) + margin - left;
  const [x, y] = [Math.max(left, 0), Math.max(top, 0)];
  const [right, bottom] = [Math.min(left + width, ink.width), Math.min(top + height, ink.height)];
  const around = raster(width, height);
  paste(around, crop(ink, x, y, right - x, bottom - y), x - left, y - top);
  const scale = SIDE / height;
  const image = (scale < 1 ? shrink : enlarge)(around, Math.max(1, round(scale * width)), SIDE);
  const most = /** @type {Uint8Array} */ (image.data).reduce((greatest, level) => Math.max(greatest, level));
  const strength = fround(255 / Math.max(most, FAINT));
  return { image: map(image, (level) => Math.min(round(fround(level * strength)), 255)), left, scale };
}

/** Run the network on windows, as wide as it takes them, that overlap by as much as it sees to the sides. */
async function lookAt(image, classifyRow) {
  const answers = [];
  const edge = SIGHT / STEP;
  const last = Math.max(image.width - 2 * SIGHT, 1);
  for (let start = 0; start < last; start += LONG - 2 * SIGHT) {
    const seen = crop(image, start, 0, Math.min(LONG, image.width - start), SIDE);
    const window = paste(raster(seen.width <= SHORT ? SHORT : LONG, SIDE), seen, 0, 0);
    const logits = await classifyRow(window.data);
    const end = window.width / STEP - (start + LONG - 2 * SIGHT < last ? edge : 0);
    for (let frame = start ? edge : 0; frame < end; frame++) {
      answers.push(logSoftmax(logits.subarray(frame * ANSWERS, (frame + 1) * ANSWERS)));
    }
  }
  return answers.slice(0, Math.ceil(image.width / STEP));
}
