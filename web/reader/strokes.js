/** How wide strokes are. */

import { bounds, crop, distance, pad } from "./image.js";
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
  const box = bounds(mask);
  if (!box) return 0;
  const { width, data: far } = distance(pad(crop(mask, box.x, box.y, box.width, box.height), 1)); // all around is paper
  /** @type {[number[], number[]]} */
  const [ridge, weights] = [[], []];
  for (let i = width; i < far.length - width; i++) {
    if (!(far[i] > 0 && far[i] >= mostAround(far, i, width))) continue;
    ridge.push(far[i]);
    if (ink) weights.push(ink.data[(box.y - 1 + Math.floor(i / width)) * ink.width + box.x - 1 + (i % width)] ** 3);
  }
  return 2 * (ink ? weightedMedian(ridge, weights) : Math.fround(median(ridge))) - 1;
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
