/** Erosion and dilation, as in OpenCV 5. */

import { round } from "./numbers.js";

/** @typedef {import("./image.js").Raster} Raster */

/**
 * Dilate by a square of 3x3.
 *
 * @param {Raster} source
 * @returns {Raster}
 */
export function dilate(source) {
  const { width, height, data: beside } = widen(source, true, true);
  const out = beside.slice();
  takeExtremes(out.subarray(width), beside, true); // the row above
  takeExtremes(out.subarray(0, out.length - width), beside.subarray(width), true); // the row below
  return { width, height, data: out };
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
