/** How wide strokes are. */

import { distance } from "./distance.js";
import { bounds, crop, pad } from "./image.js";
import { median, sum } from "./numbers.js";

/** @typedef {import("./image.js").Raster} Raster */

/**
 * The median width of strokes. Blots hardly count: they have short ridges.
 *
 * @param {Raster} mask where there is ink
 * @returns {number} in pixels; 0 if there are none
 */
export function strokeWidth(mask) {
  const box = bounds(mask);
  if (!box) return 0;
  const { width, data: far } = distance(pad(crop(mask, box.x, box.y, box.width, box.height), 1)); // all around is paper
  const ridge = far.filter((value, i) => value > 0 && value >= mostAround(far, i, width));
  return 2 * Math.fround(median(ridge)) - 1;
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
