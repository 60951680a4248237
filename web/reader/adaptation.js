/** A network adapted to one hand: where images resemble those that were taught, its answers are corrected. */

import constants from "./constants.js";
import { logSoftmax, sum } from "./numbers.js";

const { SIDE, CLASSES } = constants.form;
const SIZE = SIDE ** 2;
const { MOST_TAUGHT, BLUR, REACH, ALIKE, RIDGE, TAUGHT } = constants.adaptation;
const SPREAD = 2 * (REACH * 255 * sum(BLUR) ** 2) ** 2;

/** @typedef {(images: Uint8Array) => Promise<Float32Array>} Classify n images of 28x28 to n times 10 logits */
/** @typedef {{labels: number[], images: Uint8Array}} Hand digits that were taught, and their images one after the other */

/**
 * Adapts a network by kernel ridge regression beside it; it does not change itself.
 *
 * The kernel matrix is factored row by row (Cholesky), and what is known of the images stays, so that one more digit
 * takes milliseconds even if there are a thousand.
 */
export class Adaptation {
  /** @type {{image: Uint8Array, blurred: Float64Array, logits: Float32Array, row: Float64Array}[]} of each taught image;
   *    `row` is that of the factor's inverse, up to the diagonal */
  #taught = [];

  /** @param {Classify} classify the network */
  constructor(classify) {
    this.classify = classify;
  }

  /**
   * Adapt to a hand, instead of the one before.
   *
   * @param {Hand} hand at least one digit
   * @returns {Promise<{correct: (images: Uint8Array, logits: Float32Array) => boolean[], before: number[], after: number[]}>}
   *   what corrects the network's answers in place, and says which images are so similar to a taught one that its digit
   *   is theirs; the digits that the network reads in the taught images, alone, and if in each case all others are taught
   * @throws {Error} if there are too many
   */
  async learn({ labels, images }) {
    const n = labels.length;
    if (n > MOST_TAUGHT) throw new Error(`${n} digits are too many to teach; at most ${MOST_TAUGHT} can be`);
    const isKnown = ({ image }, i) => i < n && image.every((pixel, place) => pixel === images[i * SIZE + place]);
    const known = this.#taught.findIndex((one, i) => !isKnown(one, i));
    if (known >= 0) this.#taught.length = known; // each row depends on those above it
    for (let i = this.#taught.length; i < n; i++) await this.#add(images.slice(i * SIZE, (i + 1) * SIZE));

    const taught = [...this.#taught];
    const missing = taught.map(({ logits }, i) => {
      const wanted = (digit) => Math.log(digit === labels[i] ? TAUGHT : (1 - TAUGHT) / (CLASSES - 1));
      return Array.from(logSoftmax(logits), (value, digit) => wanted(digit) - value);
    });
    const factors = missing.map(() => new Float64Array(CLASSES)); // the matrix's inverse times what is missing
    const diagonal = new Float64Array(n); // of that inverse
    for (const { row } of taught) {
      const total = new Float64Array(CLASSES);
      row.forEach((value, j) => addTo(total, missing[j], value));
      row.forEach((value, j) => addTo(factors[j], total, value));
      row.forEach((value, j) => (diagonal[j] += value ** 2));
    }

    function correct(seen, answers) {
      return blur(seen).map((image, i) => {
        const alike = taught.map(({ blurred }) => similarity(image, blurred));
        const answer = answers.subarray(i * CLASSES, (i + 1) * CLASSES);
        for (const [j, one] of alike.entries()) addTo(answer, factors[j], one);
        return Math.max(...alike) > Math.exp(-1 / 2); // within `REACH`
      });
    }

    const others = ({ logits }, i) => logits.map((logit, k) => logit + missing[i][k] - factors[i][k] / diagonal[i]);
    return { correct, before: taught.map(({ logits }) => best(logits)), after: taught.map(others).map(best) };
  }

  /** Add an image to what is known. */
  async #add(image) {
    const logits = await this.classify(image);
    const [blurred] = blur(image);
    const alike = Float64Array.from(this.#taught, (known) => similarity(blurred, known.blurred));
    const left = Float64Array.from(this.#taught, ({ row }) => dot(row, alike));
    const rest = Math.sqrt(1 + RIDGE - dot(left, left));
    const row = new Float64Array(left.length + 1);
    for (const [k, known] of this.#taught.entries()) addTo(row, known.row, -left[k] / rest);
    row[left.length] = 1 / rest;
    this.#taught.push({ image, blurred, logits, row });
  }
}

/** The sum of products, as many as the first has numbers. */
function dot(one, other) {
  let total = 0;
  for (let i = 0; i < one.length; i++) total += one[i] * other[i];
  return total;
}

/** Add numbers, each times the same factor. */
function addTo(totals, numbers, factor) {
  if (factor) for (let i = 0; i < numbers.length; i++) totals[i] += factor * numbers[i];
}

const best = (scores) => scores.indexOf(Math.max(...scores));

/** Images blurred, so that a stroke may lie a little aside: whole numbers, 256 times as large as the pixels. */
function blur(images) {
  const margin = BLUR.length >> 1;
  const along = (values, step, at) => {
    return values.map((_, place) => {
      let total = 0;
      for (let k = -margin; k <= margin; k++) {
        const there = at(place) + k;
        if (there >= 0 && there < SIDE) total += BLUR[k + margin] * values[place + k * step];
      }
      return total;
    });
  };
  return Array.from({ length: images.length / SIZE }, (_, i) => {
    const image = Float64Array.from(images.subarray(i * SIZE, (i + 1) * SIZE));
    return along(along(image, SIDE, (place) => Math.floor(place / SIDE)), 1, (place) => place % SIDE);
  });
}

/** How similar blurred images are: 1 if they are equal, 0 if they are less so than `ALIKE`. */
function similarity(one, other) {
  let squares = 0;
  for (let i = 0; i < one.length; i++) squares += (one[i] - other[i]) ** 2;
  const found = Math.exp(-squares / SPREAD);
  return found < ALIKE ? 0 : found;
}
