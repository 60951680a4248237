/** A network adapted to one hand: where images resemble those that were taught, its answers are corrected. */

import constants from "./constants.js";
import { logSoftmax, sum } from "./numbers.js";

const { SIDE, CLASSES } = constants.form;
const { MOST_TAUGHT, BLUR, REACH, ALIKE, RIDGE, TAUGHT } = constants.adaptation;
const SPREAD = 2 * (REACH * 255 * sum(BLUR) ** 2) ** 2;

/** @typedef {(images: Uint8Array) => Promise<Float32Array>} Classify n images of 28x28 to n times 10 logits */
/** @typedef {{labels: number[], images: Uint8Array}} Hand digits that were taught, and their images one after the other */

/**
 * Adapt a network by kernel ridge regression beside it; it does not change itself.
 *
 * @param {Classify} classify the network
 * @param {Hand} hand at least one digit
 * @returns {Promise<{correct: (images: Uint8Array, logits: Float32Array) => void, before: number[], after: number[]}>}
 *   what corrects the network's answers in place; the digits that it reads in the taught images, alone, and if in each
 *   case all others are taught
 * @throws {Error} if there are too many
 */
export async function adapt(classify, { labels, images }) {
  const n = labels.length;
  if (n > MOST_TAUGHT) throw new Error(`${n} digits are too many to teach; at most ${MOST_TAUGHT} can be`);
  const taught = blur(images);
  const logits = await classify(images);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) inverse[i * n + j] = similarity(taught[i], taught[j]) + (i === j ? RIDGE : 0);
  }
  invert(inverse, n);
  const missing = labels.flatMap((label, i) => {
    const answer = logSoftmax(logits.slice(CLASSES * i, CLASSES * (i + 1)));
    const wanted = (digit) => Math.log(digit === label ? TAUGHT : (1 - TAUGHT) / (CLASSES - 1));
    return Array.from(answer, (value, digit) => wanted(digit) - value);
  });
  const factors = missing.map((_, place) => {
    const [i, digit] = [Math.floor(place / CLASSES), place % CLASSES];
    let total = 0;
    for (let j = 0; j < n; j++) total += inverse[i * n + j] * missing[j * CLASSES + digit];
    return total;
  });

  function correct(seen, answers) {
    for (const [i, image] of blur(seen).entries()) {
      for (let j = 0; j < n; j++) {
        const alike = similarity(image, taught[j]);
        if (!alike) continue;
        for (let digit = 0; digit < CLASSES; digit++) answers[i * CLASSES + digit] += alike * factors[j * CLASSES + digit];
      }
    }
  }

  const read = (scores) => labels.map((_, i) => best(scores.slice(CLASSES * i, CLASSES * (i + 1))));
  const others = missing.map((value, place) => {
    const i = Math.floor(place / CLASSES);
    return logits[place] + value - factors[place] / inverse[i * n + i];
  });
  return { correct, before: read(logits), after: read(others) };
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
  return Array.from({ length: images.length / SIDE ** 2 }, (_, i) => {
    const image = Float64Array.from(images.subarray(i * SIDE ** 2, (i + 1) * SIDE ** 2));
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

/** Invert a symmetric, positive definite matrix in place, by Gauss-Jordan elimination. */
function invert(matrix, n) {
  for (let k = 0; k < n; k++) {
    const pivot = matrix[k * n + k];
    matrix[k * n + k] = 1;
    for (let j = 0; j < n; j++) matrix[k * n + j] /= pivot;
    for (let i = 0; i < n; i++) {
      const factor = matrix[i * n + k];
      if (i === k || !factor) continue;
      matrix[i * n + k] = 0;
      for (let j = 0; j < n; j++) matrix[i * n + j] -= factor * matrix[k * n + j];
    }
  }
}
