// Small changes to an image, at random, after which it shows the same digit: as `distort` in tenfold/synthesis/geometry.py.
import constants from "../reader/constants.js";

const { SIDE } = constants.form;
const MIDDLE = (SIDE - 1) / 2;
const MARGIN = 1; // of zeros around the image, so that no pixel looked up lies outside

/** @typedef {{rotation: number, scale: number, shift: number}} Limits degrees, a fraction, and pixels */

const framed = new Float32Array((SIDE + 2 * MARGIN) ** 2);
const WIDE = SIDE + 2 * MARGIN;

/**
 * Turn, scale and shift an image by random amounts within limits, interpolated bilinearly.
 *
 * @param {Uint8Array} image 784 pixels
 * @param {Limits} limits
 * @param {import("./random.js").Random} random
 * @param {Float32Array} to 784 pixels, 0 to 255
 */
export function distort(image, { rotation, scale, shift }, random, to) {
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) framed[(row + 1) * WIDE + column + 1] = image[row * SIDE + column];
  }
  const angle = random.within((rotation * Math.PI) / 180);
  const [wider, taller] = [1 + random.within(scale), 1 + random.within(scale)];
  const [right, down] = [random.within(shift), random.within(shift)];
  // where each pixel is looked up
  const [xx, xy] = [Math.cos(angle) * wider, -Math.sin(angle) * taller];
  const [yx, yy] = [Math.sin(angle) * wider, Math.cos(angle) * taller];
  for (let row = 0, i = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++, i++) {
      const x = xx * (column - MIDDLE) + xy * (row - MIDDLE) + MIDDLE + right + MARGIN;
      const y = yx * (column - MIDDLE) + yy * (row - MIDDLE) + MIDDLE + down + MARGIN;
      if (x < 0 || y < 0 || x >= WIDE - 1 || y >= WIDE - 1) {
        to[i] = 0;
        continue;
      }
      const [left, top] = [x | 0, y | 0];
      const [u, v] = [x - left, y - top];
      const at = top * WIDE + left;
      const above = framed[at] + u * (framed[at + 1] - framed[at]);
      const below = framed[at + WIDE] + u * (framed[at + WIDE + 1] - framed[at + WIDE]);
      to[i] = above + v * (below - above);
    }
  }
}
