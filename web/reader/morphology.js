/** Erosion, dilation and what is made of them, as in OpenCV 5. */

import { crop, paste, raster } from "./image.js";
import { round } from "./numbers.js";

/** @typedef {import("./image.js").Raster} Raster */

/**
 * The least or greatest value in a window around each pixel; beyond the edge is nothing (erode, dilate).
 *
 * Windows of twice the size are made from two windows each, in place: a window of 100 pixels takes seven passes.
 *
 * @param {Raster} source
 * @param {number} width of the window; of an even number, one more lies on the left
 * @param {number} height of the window; of an even number, one more row lies above
 * @param {boolean} greatest
 * @returns {Raster}
 */
function extreme(source, width, height, greatest) {
  const columns = source.width + width - 1;
  const length = columns * (source.height + height - 1);
  const data = new Uint8Array(length).fill(greatest ? 0 : 255);
  paste({ width: columns, data }, source, width >> 1, height >> 1);
  for (const [side, stride] of [[width, 1], [height, columns]]) {
    for (let size = 1; size < side; ) {
      const more = Math.min(size, side - size);
      const step = more * stride;
      if (greatest) for (let i = 0, j = step; j < length; i++, j++) data[i] = data[i] > data[j] ? data[i] : data[j];
      else for (let i = 0, j = step; j < length; i++, j++) data[i] = data[i] < data[j] ? data[i] : data[j];
      size += more;
    }
  }
  return crop({ width: columns, data }, 0, 0, source.width, source.height); // where windows start
}

/** @type {(source: Raster, width: number, height: number) => Raster} */
export const dilate = (source, width, height) => extreme(source, width, height, true);
/** @type {(source: Raster, width: number, height: number) => Raster} */
export const erode = (source, width, height) => extreme(source, width, height, false);
/** @type {(source: Raster, width: number, height: number) => Raster} */
export const open = (source, width, height) => dilate(erode(source, width, height), width, height);

/**
 * Whether an opening by a square window of `side` pixels, an odd number, leaves nothing: each window meets a 0.
 *
 * @param {Raster} gray
 * @param {number} side
 */
export function opensToNothing({ width, height, data }, side) {
  const margin = side >> 1;
  const above = new Int32Array(width).fill(margin); // how many pixels up to the current row are not 0; beyond the edge none is
  for (let y = 0; y < height + margin; y++) {
    let beside = margin; // how many columns up to the current one are not 0 for the height of the window
    for (let x = 0; x < width + margin; x++) {
      if (x < width) above[x] = y < height && !data[y * width + x] ? 0 : above[x] + 1;
      beside = x >= width || above[x] >= side ? beside + 1 : 0;
      if (beside >= side) return false;
    }
  }
  return true;
}

/**
 * Dilate or erode by a disk in a box of `side` pixels (MORPH_ELLIPSE): row by row of the disk, from the narrowest on.
 *
 * @param {Raster} gray
 * @param {number} side
 * @param {boolean} greatest
 * @returns {Raster}
 */
export function morphByDisk({ width, height, data }, side, greatest) {
  const radius = side >> 1;
  const rows = Array.from({ length: side }, (_, i) => {
    const down = i - radius;
    return { down, reach: round(radius * Math.sqrt((radius ** 2 - down ** 2) / radius ** 2)) };
  });
  const out = new Uint8Array(data.length).fill(greatest ? 0 : 255);
  let window = { width, height, data }; // the extremes within `reach` of each pixel, to the left and to the right
  let reach = 0;
  for (const row of rows.sort((a, b) => a.reach - b.reach)) {
    for (; reach < row.reach; reach++) window = widen(window, reach < side - 1 - radius, greatest);
    const first = Math.max(0, -row.down) * width;
    const last = Math.max(0, Math.min(height, height - row.down)) * width;
    takeExtremes(out.subarray(first, last), window.data.subarray(first + row.down * width), greatest);
  }
  return { width, height, data: out };
}

/** Take the extreme of each pixel and the one on its left, and the one on its right if there is a `right`. */
function widen({ width, height, data }, right, greatest) {
  const out = data.slice();
  for (let start = 0; start < data.length; start += width) {
    const row = data.subarray(start, start + width);
    takeExtremes(out.subarray(start + 1, start + width), row, greatest);
    if (right) takeExtremes(out.subarray(start, start + width - 1), row.subarray(1), greatest);
  }
  return { width, height, data: out };
}

/** Each value becomes the greater one, or else the lesser, of itself and another. */
function takeExtremes(values, others, greatest) {
  if (greatest) for (let i = 0; i < values.length; i++) if (others[i] > values[i]) values[i] = others[i];
  if (!greatest) for (let i = 0; i < values.length; i++) if (others[i] < values[i]) values[i] = others[i];
}

/**
 * Keep only what a window of one row fits into, of ink or of paper; beyond the edge there is more of it (open, close).
 *
 * @param {Raster} mask
 * @param {number} length of the window, in pixels
 * @param {0|1} kind 1 to erase shorter runs of ink, 0 to fill shorter gaps
 * @returns {Raster}
 */
export function keepRuns({ width, height, data }, length, kind) {
  const out = raster(width, height, new Uint8Array(data.length).fill(1 - kind));
  const before = length >> 1;
  const after = length - 1 - before;
  for (let start = 0; start < data.length; start += width) {
    for (let x = 0; x < width; x++) {
      if (data[start + x] !== kind) continue;
      const first = x;
      while (x < width && data[start + x] === kind) x++;
      const from = first ? first + before : 0; // where the middle of the window may be
      const to = x < width ? x - after : width;
      if (from < to) out.data.fill(kind, start + Math.max(0, from - after), start + Math.min(to + before, width));
    }
  }
  return out;
}
