/**
 * Reading a text line whole, with a network that takes every digit's neighbors into account.
 *
 * At every second column it says which digit is there, or that there is none. From its answers for the columns of a
 * piece of ink follows the probability that they show exactly one digit: the sum over all the ways in which the digit
 * may begin and end there.
 */

import constants from "./constants.js";
import { crop, paste, raster } from "./image.js";
import { logAddExp, logSoftmax, round, sum } from "./numbers.js";
import { cutStrip, inkOf } from "./strips.js";

/**
 * A digit that the line model finds in a line: between which columns of the page, and the logarithms of the
 * probabilities of the ten digits where it is surest.
 *
 * @typedef {{left: number, right: number, answer: Float32Array}} LineDigit
 */

const { CLASSES, LINE_SIDE, LINE_COLUMNS, LINE_STEP, LINE_SIGNS } = constants.form;
const { SIGHT, LARGER, CLEARER, LEAST } = constants.text_line;
const [SHORT, LONG] = LINE_COLUMNS;
const ANSWERS = CLASSES + LINE_SIGNS.length + 1;

/** What the line model reads in a line. */
export class LineReading {
  /**
   * @param {import("./strips.js").Strip} strip the line
   * @param {Float32Array[]} answers the logarithms of the probabilities of the ten digits and of none, at every second
   *   column
   */
  constructor(strip, answers) {
    this.strip = strip;
    this.answers = answers;
    /** @type {LineDigit[]} the digits in the most probable answers, from left to right */
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

  /** The cost of the most probable answers, in nats per digit. */
  cost() {
    return -sum(this.answers.map((answer) => Math.max(...answer))) / Math.max(1, this.seen.length);
  }

  /**
   * The log-probability, for each of the ten digits, that it alone stands between two columns of the page.
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
   * The log-probability that no digit stands between two columns of the page.
   *
   * @param {number} left
   * @param {number} right
   */
  nothing(left, right) {
    return Math.max(sum(this.#between(left, right).map((answer) => answer[CLASSES])), LEAST);
  }

  #column(frame) {
    return this.strip.left + (LINE_STEP * frame) / this.strip.scale;
  }

  #between(left, right) {
    const frame = (x) => {
      const place = round(((x - this.strip.left) * this.strip.scale) / LINE_STEP);
      return Math.max(0, Math.min(place, this.answers.length));
    };
    return this.answers.slice(frame(left), frame(right));
  }
}

/**
 * Read a line whole, at its own height, or enlarged where that costs less: print may make a line seem higher.
 *
 * The height of a line with a single component is certain, so it is never enlarged.
 *
 * @param {import("./page.js").Page} page
 * @param {import("./lines.js").Line} line
 * @param {(image: Uint8Array) => Promise<Float32Array>} classifyLine an image of 40x64 or 40x128 to 21 logits for every second column
 * @returns {Promise<LineReading>}
 */
export async function readLine(page, line, classifyLine) {
  const ink = inkOf(line, page);
  const readAt = async (digit) => {
    const strip = cutStrip(ink, line, digit);
    return new LineReading(strip, await findAnswers(strip.image, classifyLine));
  };
  const usual = await readAt(line.height);
  if (line.components.length === 1 || usual.cost() <= CLEARER) return usual;
  const larger = await readAt(line.height / LARGER);
  return usual.cost() - larger.cost() > CLEARER ? larger : usual;
}

/** Run the line model on windows as wide as it accepts, overlapping by as much as an answer depends on. */
async function findAnswers(image, classifyLine) {
  const answers = [];
  const edge = SIGHT / LINE_STEP;
  const last = Math.max(image.width - 2 * SIGHT, 1);
  for (let start = 0; start < last; start += LONG - 2 * SIGHT) {
    const seen = crop(image, start, 0, Math.min(LONG, image.width - start), LINE_SIDE);
    const window = paste(raster(seen.width <= SHORT ? SHORT : LONG, LINE_SIDE), seen, 0, 0);
    const logits = await classifyLine(window.data);
    const end = window.width / LINE_STEP - (start + LONG - 2 * SIGHT < last ? edge : 0);
    for (let frame = start ? edge : 0; frame < end; frame++) {
      const answer = logSoftmax(logits.subarray(frame * ANSWERS, (frame + 1) * ANSWERS));
      const nothing = answer.subarray(CLASSES).reduce(logAddExp); // a sign is no digit
      answers.push(Float32Array.of(...answer.subarray(0, CLASSES), nothing));
    }
  }
  return answers.slice(0, Math.ceil(image.width / LINE_STEP));
}
