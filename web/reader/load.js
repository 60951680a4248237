/** Pictures in gray. */

import constants from "./constants.js";
import { raster } from "./image.js";
import { round } from "./numbers.js";

const { fround } = Math;
const { FLAT, SAMPLE } = constants.load;

/**
 * Lay a picture on white, and mix the color channels to the one gray that shows most.
 *
 * Yellow ink on white hardly differs in brightness, but in blue: the channels are weighted by the direction of greatest
 * variance among the colors (the first principal component). Of a picture whose visible parts are of one color, their
 * shape is black on white.
 *
 * @param {{width: number, height: number, data: Uint8ClampedArray}} picture red, green, blue and opacity of each pixel
 * @returns {import("./image.js").Raster} gray levels, 0 to 255
 */
export function toGray({ width, height, data }) {
  const gray = raster(width, height);
  const solid = isOpaque(data);
  if (!solid && isFlat(data)) {
    for (let i = 0; i < gray.data.length; i++) gray.data[i] = 255 - data[4 * i + 3];
    return gray;
  }
  const pixels = solid ? data : onWhite(data);
  const direction = principalDirection(covariance(pixels, width, height)).map(Math.abs);
  const total = direction[0] + direction[1] + direction[2];
  const [red, green, blue] = direction.map((share) => fround(share / total));
  for (let i = 0, j = 0; i < gray.data.length; i++, j += 4) {
    const two = fround(fround(red * pixels[j]) + fround(green * pixels[j + 1]));
    gray.data[i] = Math.min(round(fround(two + fround(blue * pixels[j + 2]))), 255);
  }
  return gray;
}

/**
 * A drawing in black on white as light ink on dark paper: what is known of it need not be found out.
 *
 * @param {{width: number, height: number, data: Uint8ClampedArray}} picture opaque
 * @returns {import("./image.js").Raster} gray levels, 0 to 255
 */
export function toLightInk({ width, height, data }) {
  const ink = raster(width, height);
  for (let i = 0; i < ink.data.length; i++) ink.data[i] = 255 - data[4 * i];
  return ink;
}

/** Whether something is transparent, and what is not is of about the same brightness. */
function isFlat(data) {
  let [count, sum, squares] = [0, 0, 0];
  for (let j = 0; j < data.length; j += 4) {
    if (data[j + 3] <= 127) continue;
    const level = (data[j] * 19595 + data[j + 1] * 38470 + data[j + 2] * 7471 + 32768) >> 16; // as ITU-R 601 has it
    count++;
    sum += level;
    squares += level * level;
  }
  return count < data.length / 4 && (!count || squares / count - (sum / count) ** 2 < FLAT ** 2);
}

function onWhite(data) {
  const out = data.slice();
  for (let j = 0; j < data.length; j += 4) {
    const opacity = data[j + 3];
    for (let k = j; k < j + 3; k++) {
      const mixed = data[k] * opacity + 255 * (255 - opacity) + 128;
      out[k] = ((mixed >> 8) + mixed) >> 8; // divided by 255
    }
  }
  return out;
}

/** Whether nothing is transparent, not even in part. */
function isOpaque(data) {
  for (let j = 3; j < data.length; j += 4) if (data[j] < 255) return false;
  return true;
}

/** How the three channels vary together; of a large picture, in some of its pixels. */
function covariance(pixels, width, height) {
  const step = Math.max(1, Math.floor(Math.sqrt(width * height) / SAMPLE));
  let [count, r, g, b, rr, rg, rb, gg, gb, bb] = new Array(10).fill(0);
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      const j = 4 * (y * width + x);
      const [red, green, blue] = [pixels[j], pixels[j + 1], pixels[j + 2]];
      count++;
      r += red;
      g += green;
      b += blue;
      rr += red * red;
      rg += red * green;
      rb += red * blue;
      gg += green * green;
      gb += green * blue;
      bb += blue * blue;
    }
  }
  const sums = [r, g, b];
  const products = [[rr, rg, rb], [rg, gg, gb], [rb, gb, bb]];
  return products.map((row, i) => row.map((product, j) => product - (sums[i] * sums[j]) / count));
}

/**
 * The eigenvector of the greatest eigenvalue, by Jacobi's rotations: each makes one entry off the diagonal 0.
 *
 * @param {number[][]} matrix symmetric, 3x3
 */
function principalDirection(matrix) {
  const vectors = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]; // in columns
  for (let sweep = 0; sweep < 10; sweep++) {
    for (const [p, q] of [[0, 1], [0, 2], [1, 2]]) {
      if (!matrix[p][q]) continue;
      const angle = Math.atan2(2 * matrix[p][q], matrix[q][q] - matrix[p][p]) / 2;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (const rows of [matrix, vectors]) {
        for (const row of rows) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
      }
      for (let k = 0; k < 3; k++) {
        [matrix[p][k], matrix[q][k]] = [c * matrix[p][k] - s * matrix[q][k], s * matrix[p][k] + c * matrix[q][k]];
      }
      matrix[p][q] = matrix[q][p] = 0;
    }
  }
  let best = 2;
  for (const k of [1, 0]) if (matrix[k][k] > matrix[best][best]) best = k;
  return vectors.map((row) => row[best]);
}
