/** The distance from paper, as OpenCV 5 calculates it. */

import { crop } from "./image.js";

/** @typedef {import("./image.js").Raster} Raster */

const { fround } = Math;

/**
 * How far each pixel of ink is from paper, by steps as knights and kings make (DIST_L2, 5x5).
 *
 * Source: G. Borgefors, "Distance transformations in digital images", Computer Vision, Graphics, and Image Processing
 * 34(3), 1986.
 *
 * @param {Raster} mask whose edge is paper
 * @returns {Raster} 0 on paper
 */
export function distance({ width, height, data }) {
  const [straight, diagonal, knight] = [1, fround(1.4), fround(2.1969)];
  const stride = width + 4;
  const start = 2 * stride + 2;
  const far = new Float32Array(stride * (height + 4)).fill(Infinity);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, j = start + y * stride; x < width; x++, j++) if (!data[i++]) far[j] = 0;
  }
  for (const step of [1, -1]) {
    const up = -step * stride; // what lies there was already seen
    const first = step > 0 ? start : start + (height - 1) * stride + width - 1;
    for (let y = 0, row = first; y < height; y++, row -= up) {
      for (let x = 0, i = row; x < width; x++, i += step) {
        if (far[i] === 0) continue;
        const one = Math.min(far[i - step], far[i + up]) + straight;
        const two = Math.min(far[i + up - 1], far[i + up + 1]) + diagonal;
        const three = Math.min(far[i + 2 * up - 1], far[i + 2 * up + 1], far[i + up - 2], far[i + up + 2]) + knight;
        far[i] = Math.min(far[i], one, two, three);
      }
    }
  }
  return crop({ width: stride, data: far }, 2, 2, width, height);
}
