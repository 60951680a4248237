/** How wide strokes are. */

import { bounds, crop, distance, pad } from "./image.js";
import { median } from "./numbers.js";

/**
 * The median width of strokes. Blots hardly count: they have short ridges.
 *
 * @param {import("./image.js").Raster} mask
 * @returns {number} in pixels; 0 if there are none
 */
export function strokeWidth(mask) {
  const box = bounds(mask);
  if (!box) return 0;
  const { width, data: far } = distance(pad(crop(mask, box.x, box.y, box.width, box.height), 1)); // all around is paper
  const around = [1, width - 1, width, width + 1].flatMap((step) => [-step, step]);
  const ridge = [];
  for (let i = 0; i < far.length; i++) {
    if (far[i] > 0 && around.every((step) => far[i] >= far[i + step])) ridge.push(far[i]);
  }
  return 2 * Math.fround(median(ridge)) - 1;
}

