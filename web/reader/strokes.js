/** How wide strokes are. */

import { distance } from "./distance.js";
import { bounds, crop, pad } from "./image.js";
import { median, sum } from "./numbers.js";

/** @typedef {import("./image.js").Raster} Raster */

/** @type {WeakMap<Raster, number>} of masks, which are measured more than once on their way */
const known = new WeakMap();

/**
 * The median width of strokes. Blots hardly count: they have short ridges.
 *
 * @param {Raster} mask where there is ink
 * @param {Raster} [ink] how much; where it is given, strokes count by its cube, so that faint ones hardly do
 * @returns {number} in pixels; 0 if there are none
 */
export function strokeWidth(mask, ink) {
  if (ink) return measure(mask, ink);
  if (!known.has(mask)) known.set(mask, measure(mask));
  return /** @type {number} */ (known.get(mask));
}

function measure(mask, ink) {
  /** @type {[number[], number[]]} */
  const [ridge, weights] = [[], []];
  alongRidges(mask, (far, x, y) => {
    ridge.push(far);
    if (ink) weights.push(ink.data[y * ink.width + x] ** 3);
  });
  if (!ridge.length) return 0;
  return 2 * (ink ? weightedMedian(ridge, weights) : Math.fround(median(ridge))) - 1;
}

/**
 * The width of the strokes of each connected component, as `strokeWidth` has it of the component alone.
 *
 * All are measured at once: between two components is paper, which is closer than the other one.
 *
 * @param {Raster} mask where there is ink
 * @param {Raster} labels the number of the component of each pixel, from 1 on; 0 is paper
 * @returns {number[]} by number
 */
export function strokeWidths(mask, labels) {
  const ridges = [];
  alongRidges(mask, (far, x, y) => (ridges[labels.data[y * labels.width + x]] ??= []).push(far));
  return ridges.map((ridge) => 2 * Math.fround(median(ridge)) - 1);
}

/** Call a function with the distance to paper and the place of each pixel that is farther from paper than those around. */
function alongRidges(mask, f) {
  const box = bounds(mask);
  if (!box) return;
  const { width, data: far } = distance(pad(crop(mask, box.x, box.y, box.width, box.height), 1)); // all around is paper
  for (let i = width; i < far.length - width; i++) {
    if (far[i] > 0 && far[i] >= mostAround(far, i, width)) {
      f(far[i], box.x - 1 + (i % width), box.y - 1 + Math.floor(i / width));
    }
  }
}

/** The value that splits the weights into halves; 0 if there are none. */
export function weightedMedian(values, weights) {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const half = sum(weights) / 2;
  let total = 0;
  return values[order.find((i) => (total += weights[i]) >= half)] ?? 0;
}

function mostAround(far, i, width) {
  const [above, below] = [i - width, i + width];
  const beside = Math.max(far[i - 1], far[i + 1]);
  const level = Math.max(far[above - 1], far[above], far[above + 1]);
  return Math.max(beside, level, far[below - 1], far[below], far[below + 1]);
}
