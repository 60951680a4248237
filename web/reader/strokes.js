/** How wide strokes are. */

import { dilate, distance, pad } from "./image.js";

/**
 * The median width of strokes. Blots hardly count: they have short ridges.
 *
 * @param {import("./image.js").Raster} mask
 * @returns {number} in pixels; 0 if there are none
 */
export function strokeWidth(mask) {
  const { data } = distance(pad(mask, 1)); // beyond the picture is paper
  const { data: greatest } = dilate({ width: mask.width + 2, height: mask.height + 2, data }, 3, 3);
  const ridge = data.filter((value, i) => value > 0 && value >= greatest[i]).sort();
  if (!ridge.length) return 0;
  const half = ridge.length >> 1;
  const median = ridge.length % 2 ? ridge[half] : Math.fround((ridge[half - 1] + ridge[half]) / 2);
  return 2 * median - 1;
}
