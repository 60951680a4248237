/** Filters by the mean and the median around each pixel, as OpenCV 5 has them: its rounding, its borders. */

import { countLevels, raster, transpose } from "./image.js";
import { round } from "./numbers.js";

/** @typedef {import("./image.js").Raster} Raster */

/**
 * The mean in a square around each pixel; the picture is mirrored at its edges, which are not repeated (blur).
 *
 * @param {Raster} gray
 * @param {number} side odd
 * @returns {Raster}
 */
export function blur(gray, side) {
  const sums = transpose(sumAlongRows(transpose(sumAlongRows(gray, side)), side));
  const scale = 1 / side ** 2;
  const out = raster(gray.width, gray.height);
  for (let i = 0; i < out.data.length; i++) out.data[i] = round(sums.data[i] * scale);
  return out;
}

function sumAlongRows({ width, height, data }, side) {
  const out = new Int32Array(data.length);
  const margin = side >> 1;
  const columns = Int32Array.from({ length: width + side - 1 }, (_, i) => mirror(i - margin, width));
  for (let start = 0; start < data.length; start += width) {
    let sum = 0;
    for (let i = 0; i < side - 1; i++) sum += data[start + columns[i]];
    for (let x = 0; x < width; x++) {
      sum += data[start + columns[x + side - 1]];
      out[start + x] = sum;
      sum -= data[start + columns[x]];
    }
  }
  return { width, height, data: out };
}

/** The pixel that a place beyond the edge shows. */
function mirror(x, length) {
  if (length === 1) return 0;
  while (x < 0 || x >= length) x = x < 0 ? -x : 2 * (length - 1) - x;
  return x;
}

/**
 * The median in a square around each pixel; the picture is mirrored at its edges, which are repeated.
 *
 * Where a square is mostly of one level, as of paper in a drawing, it is that; else the levels are counted.
 *
 * @param {Raster} gray
 * @param {number} margin from a pixel to the edge of its square
 * @returns {Raster}
 */
export function medianFilter(gray, margin) {
  const side = 2 * margin + 1;
  const [columns, rows] = [gray.width, gray.height].map((length) =>
    Int32Array.from({ length: length + 2 * margin }, (_, i) => mirrorWithEdge(i - margin, length)),
  );
  const out = raster(gray.width, gray.height);
  const common = mostCommon(gray);
  const inColumns = new Int32Array(gray.width); // how many pixels of each column are `common`, of those in a square
  const count = (row, by) => {
    const start = row * gray.width;
    for (let x = 0; x < gray.width; x++) if (gray.data[start + x] === common) inColumns[x] += by;
  };
  for (let i = 0; i < side - 1; i++) count(rows[i], 1);
  for (let y = 0; y < gray.height; y++) {
    count(rows[y + side - 1], 1);
    const line = out.data.subarray(y * gray.width, (y + 1) * gray.width);
    line.fill(common);
    const [first, last] = outermost(columns.map((x) => inColumns[x]), side, side ** 2 / 2);
    medianAlongRow(gray, rows.subarray(y, y + side), columns.subarray(first, last + side - 1), line.subarray(first, last));
    count(rows[y], -1);
  }
  return out;
}

/** The medians of squares that lie in the same rows. */
function medianAlongRow({ width, data }, rows, columns, line) {
  const half = (rows.length ** 2 - 1) / 2;
  if (!line.length) return;
  const counts = new Int32Array(256);
  let level = 0;
  let below = 0; // how many pixels of the square are darker than `level`
  const change = (column, by) => {
    for (const row of rows) {
      const value = data[row * width + column];
      counts[value] += by;
      if (value < level) below += by;
    }
  };
  for (let i = 0; i < rows.length - 1; i++) change(columns[i], 1);
  for (let x = 0; x < line.length; x++) {
    change(columns[x + rows.length - 1], 1);
    while (below > half) below -= counts[--level];
    while (below + counts[level] <= half) below += counts[level++];
    line[x] = level;
    change(columns[x], -1);
  }
}

/** The level that most pixels have: that of the paper, in a drawing. */
function mostCommon(gray) {
  const counts = countLevels(gray);
  return counts.indexOf(counts.reduce((most, count) => Math.max(most, count)));
}

/** The first, and the one after the last, place where so many values that follow one another sum up to at most `most`. */
function outermost(values, length, most) {
  let [first, after, sum] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    const start = i - length + 1;
    if (start < 0) continue;
    if (sum <= most) {
      if (!after) first = start;
      after = start + 1;
    }
    sum -= values[start];
  }
  return [first, after];
}

/** As `mirror`, but the pixel at the edge is repeated. */
function mirrorWithEdge(x, length) {
  while (x < 0 || x >= length) x = x < 0 ? -1 - x : 2 * length - 1 - x;
  return x;
}
