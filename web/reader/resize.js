/** Images made smaller or larger, as OpenCV 5 does to the last bit: its order of sums, its rounding. */

import { raster } from "./image.js";
import { round } from "./numbers.js";

/** @typedef {import("./image.js").Raster} Raster */

const { fround } = Math;

/**
 * Scale a picture.
 *
 * @param {Raster} gray
 * @param {number} scale
 * @returns {Raster}
 */
export function resize(gray, scale) {
  const [width, height] = [gray.width, gray.height].map((length) => Math.max(1, round(scale * length)));
  return scale < 1 ? shrink(gray, width, height) : enlarge(gray, width, height);
}

/**
 * Make a picture smaller: every new pixel is the mean of the area that it covers (INTER_AREA).
 *
 * @param {Raster} gray
 * @param {number} width at most that of `gray`
 * @param {number} height at most that of `gray`
 * @returns {Raster}
 */
export function shrink(gray, width, height) {
  if (width === gray.width && height === gray.height) return gray;
  const stepX = 1 / (width / gray.width);
  const stepY = 1 / (height / gray.height);
  const isWhole = [stepX, stepY].every((step) => Math.abs(step - round(step)) < Number.EPSILON);
  return isWhole
    ? shrinkByWhole(gray, width, height, round(stepX), round(stepY))
    : shrinkByAny(gray, width, height, stepX, stepY);
}

function shrinkByWhole(gray, width, height, stepX, stepY) {
  const out = raster(width, height);
  const scale = fround(1 / (stepX * stepY));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let row = y * stepY; row < (y + 1) * stepY; row++) {
        const start = row * gray.width + x * stepX;
        for (let j = start; j < start + stepX; j++) sum += gray.data[j];
      }
      out.data[i++] = stepX === 2 && stepY === 2 ? (sum + 2) >> 2 : round(fround(sum * scale));
    }
  }
  return out;
}

function shrinkByAny(gray, width, height, stepX, stepY) {
  const out = raster(width, height);
  const across = areas(gray.width, width, stepX);
  const down = areas(gray.height, height, stepY);
  const sums = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = down.starts[y]; k < down.starts[y + 1]; k++) {
      const start = down.from[k] * gray.width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        let i = start + across.from[across.starts[x]];
        for (let j = across.starts[x]; j < across.starts[x + 1]; j++) {
          sum = fround(sum + fround(gray.data[i++] * across.share[j]));
        }
        sums[x] += fround(sum * down.share[k]);
      }
    }
    for (let x = 0; x < width; x++) out.data[y * width + x] = Math.min(round(sums[x]), 255);
  }
  return out;
}

/**
 * Which pixels (`from`) of a side lie in each of `count` new ones, and their `share` in it.
 *
 * Those in new pixel i are numbers `starts[i]` to before `starts[i + 1]`.
 */
function areas(length, count, step) {
  /** @type {[number[], number[], number[]]} */
  const [from, share, starts] = [[], [], [0]];
  const add = (/** @type {number} */ pixel, /** @type {number} */ part) => {
    from.push(pixel);
    share.push(part);
  };
  for (let i = 0; i < count; i++) {
    const [start, end] = [i * step, i * step + step];
    const width = Math.min(step, length - start);
    const last = Math.min(Math.floor(end), length - 1);
    const first = Math.min(Math.ceil(start), last);
    if (first - start > 1e-3) add(first - 1, (first - start) / width);
    for (let j = first; j < last; j++) add(j, 1 / width);
    if (end - last > 1e-3) add(last, Math.min(end - last, 1, width) / width);
    starts.push(from.length);
  }
  return { from: Int32Array.from(from), share: Float32Array.from(share), starts };
}

/**
 * Make a picture larger with cubic splines (INTER_CUBIC).
 *
 * @param {Raster} gray
 * @param {number} width
 * @param {number} height
 * @returns {Raster}
 */
export function enlarge(gray, width, height) {
  if (width === gray.width && height === gray.height) return gray;
  const out = raster(width, height);
  const across = places(gray.width, width);
  const down = places(gray.height, height);
  const rows = new Float64Array(width * gray.height);
  const near = (place, length) => [-1, 0, 1, 2].map((step) => clamp(place + step, length));
  for (let x = 0; x < width; x++) {
    const [a, b, c, d] = near(across[x].before, gray.width);
    const [wa, wb, wc, wd] = cubic(across[x].part);
    for (let i = 0, j = x; j < rows.length; i += gray.width, j += width) {
      rows[j] = wa * gray.data[i + a] + wb * gray.data[i + b] + wc * gray.data[i + c] + wd * gray.data[i + d];
    }
  }
  for (let y = 0, i = 0; y < height; y++) {
    const [a, b, c, d] = near(down[y].before, gray.height).map((row) => row * width);
    const [wa, wb, wc, wd] = cubic(down[y].part);
    for (let x = 0; x < width; x++) {
      const value = wa * rows[a + x] + wb * rows[b + x] + wc * rows[c + x] + wd * rows[d + x];
      out.data[i++] = Math.max(0, Math.min(round(fround(value)), 255)); // in double precision a half is seldom one
    }
  }
  return out;
}

/** Weights of the four pixels around a place that is `x` after the second of them. */
function cubic(x) {
  const A = -0.75;
  const near = (t) => ((A + 2) * t - (A + 3)) * t * t + 1;
  const far = (t) => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
  return [far(1 + x), near(x), near(1 - x), far(2 - x)];
}

/** Where each of `count` new pixels lies along a side of `length` old ones: the one before it, and how far behind. */
function places(length, count) {
  return Array.from({ length: count }, (_, i) => {
    const place = fround((i + 0.5) / (count / length) - 0.5);
    const before = Math.floor(place);
    return { before, part: place - before };
  });
}

const clamp = (place, length) => Math.max(0, Math.min(place, length - 1));
