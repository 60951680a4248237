/**
 * Operations on pixels, with the results of OpenCV 5 to the last bit: its order of sums, its rounding, its borders.
 *
 * @typedef {object} Raster One number a pixel, row by row; in a mask, 1 is ink and 0 paper.
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array|Int32Array|Float32Array} data
 */

import { round } from "./numbers.js";

const { fround } = Math;
const WHOLE = 2048; // all of a pixel, where shares are whole numbers

/**
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array|Int32Array|Float32Array} [data] zeros of 8 bits by default
 * @returns {Raster}
 */
export function raster(width, height, data = new Uint8Array(width * height)) {
  return { width, height, data };
}

/** Zeros of the same kind, so many. */
const zerosLike = (/** @type {Raster['data']} */ data, /** @type {number} */ length) =>
  new /** @type {Uint8ArrayConstructor} */ (data.constructor)(length);

/**
 * A raster of the same kind whose pixel i is `f(value, i)`.
 *
 * @param {Raster} source
 * @param {(value: number, i: number) => any} f gives a number, or a boolean for 1 and 0
 * @returns {Raster}
 */
export function map({ width, height, data }, f) {
  const out = zerosLike(data, data.length);
  for (let i = 0; i < data.length; i++) out[i] = f(data[i], i);
  return { width, height, data: out };
}

/**
 * Black becomes white.
 *
 * @param {Raster} gray
 * @returns {Raster}
 */
export function invert({ width, height, data }) {
  const out = raster(width, height);
  for (let i = 0; i < data.length; i++) out.data[i] = 255 - data[i];
  return out;
}

/**
 * Rows become columns.
 *
 * @param {Raster} source
 * @returns {Raster}
 */
export function transpose({ width, height, data }) {
  const turned = zerosLike(data, data.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[x * height + y] = data[i++];
  }
  return { width: height, height: width, data: turned };
}

/**
 * The part of a raster that starts at (x, y).
 *
 * @param {Pick<Raster, 'width' | 'data'>} source
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @returns {Raster}
 */
export function crop({ width: columns, data }, x, y, width, height) {
  const part = zerosLike(data, width * height);
  for (let row = 0; row < height; row++) {
    const start = (y + row) * columns + x;
    part.set(data.subarray(start, start + width), row * width);
  }
  return { width, height, data: part };
}

/**
 * Write a raster into another one, where it starts at (x, y), and return that.
 *
 * @template {Pick<Raster, 'width' | 'data'>} Target
 * @param {Target} target
 * @param {Raster} source
 * @param {number} x
 * @param {number} y
 * @returns {Target}
 */
export function paste(target, { width, height, data }, x, y) {
  for (let row = 0; row < height; row++) {
    target.data.set(data.subarray(row * width, (row + 1) * width), (y + row) * target.width + x);
  }
  return target;
}

/**
 * Zeros all around.
 *
 * @param {Raster} source
 * @param {number} margin
 * @returns {Raster}
 */
export function pad(source, margin) {
  return paste(raster(source.width + 2 * margin, source.height + 2 * margin), source, margin, margin);
}

/**
 * The smallest box around all that is not 0: x, y, width and height; null if all is 0.
 *
 * @param {Raster} source
 */
export function bounds({ width, height, data }) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!data[i++]) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return bottom ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/**
 * The longer side becomes `side`, the other one in proportion.
 *
 * @param {{width: number, height: number}} size
 * @param {number} side
 * @returns {[number, number]} width and height
 */
export function sizeFor({ width, height }, side) {
  const scale = side / Math.max(width, height);
  return [Math.max(1, round(scale * width)), Math.max(1, round(scale * height))];
}

/**
 * Make a picture smaller: every new pixel is the mean of the area that it covers (INTER_AREA).
 *
 * @param {Raster} gray
 * @param {number} width at most that of `gray`
 * @param {number} height likewise
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

/**
 * Make a picture larger with straight lines between its pixels (INTER_LINEAR, in whole numbers).
 *
 * @param {Raster} gray
 * @param {number} width
 * @param {number} height
 * @returns {Raster}
 */
export function stretch(gray, width, height) {
  if (width === gray.width && height === gray.height) return gray;
  const out = raster(width, height);
  const across = places(gray.width, width);
  const down = places(gray.height, height);
  const rows = new Int32Array(width * gray.height);
  for (let x = 0; x < width; x++) {
    const { before, part } = across[x];
    const [a, b] = [clamp(before, gray.width), clamp(before + 1, gray.width)];
    const weight = round(part * WHOLE);
    for (let i = 0, j = x; j < rows.length; i += gray.width, j += width) {
      rows[j] = (gray.data[i + a] * (WHOLE - weight) + gray.data[i + b] * weight) >> 4;
    }
  }
  for (let y = 0, i = 0; y < height; y++) {
    const { before, part } = down[y];
    const [a, b] = [clamp(before, gray.height) * width, clamp(before + 1, gray.height) * width];
    const weight = round(part * WHOLE);
    for (let x = 0; x < width; x++) {
      out.data[i++] = ((((WHOLE - weight) * rows[a + x]) >> 16) + ((weight * rows[b + x]) >> 16) + 2) >> 2;
    }
  }
  return out;
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

/**
 * The least or greatest value in a window around each pixel; beyond the edge is nothing (erode, dilate).
 *
 * Windows of twice the size are made from two windows each, in place: a window of 100 pixels takes seven passes.
 *
 * @param {Raster} source
 * @param {number} width of the window; of an even number, one more lies on the left
 * @param {number} height likewise, above
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

/**
 * How many pixels there are of each level.
 *
 * @param {Pick<Raster, 'data'>} gray
 */
export function countLevels({ data }) {
  const counts = new Int32Array(256);
  for (let i = 0; i < data.length; i++) counts[data[i]]++;
  return counts;
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

/**
 * Number connected pixels, diagonals included; numbers ascend as the first of them do, in blocks of 2x2, row by row.
 *
 * Pixels in such a block are always connected, so that only blocks need be.
 *
 * @param {Raster} mask
 * @returns {{labels: Raster, count: number}} labels from 1 to before `count`; 0 is paper
 */
export function connect({ width, height, data }) {
  const columns = (width + 1) >> 1;
  const blocks = new Int32Array(columns * ((height + 1) >> 1)); // the number of each block, 0 if it is empty
  const parents = [0]; // of each number the one it is connected with, or itself
  const root = (number) => {
    while (parents[number] !== number) number = parents[number] = parents[parents[number]];
    return number;
  };
  const at = (x, y) => x >= 0 && x < width && y >= 0 && data[y * width + x];
  for (let y = 0, i = 0; y < height; y += 2) {
    const two = y + 1 < height;
    for (let x = 0; x < width; x += 2, i++) {
      const a = data[y * width + x];
      const b = x + 1 < width && data[y * width + x + 1];
      const c = two && data[(y + 1) * width + x];
      const d = two && x + 1 < width && data[(y + 1) * width + x + 1];
      if (!(a || b || c || d)) continue;
      let number = 0;
      const touch = (block) => {
        const other = root(block);
        if (!number) number = other;
        else if (other < number) number = parents[number] = other;
        else parents[other] = number;
      };
      if ((a || c) && (at(x - 1, y) || (two && at(x - 1, y + 1)))) touch(blocks[i - 1]);
      if (a && at(x - 1, y - 1)) touch(blocks[i - columns - 1]);
      if ((a || b) && (at(x, y - 1) || at(x + 1, y - 1))) touch(blocks[i - columns]);
      if (b && at(x + 2, y - 1)) touch(blocks[i - columns + 1]);
      blocks[i] = number || parents.push(parents.length) - 1;
    }
  }
  const final = new Int32Array(parents.length);
  let count = 1;
  for (let number = 1; number < parents.length; number++) {
    final[number] = parents[number] === number ? count++ : final[parents[number]];
  }
  const labels = raster(width, height, new Int32Array(data.length));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) if (data[i]) labels.data[i] = final[blocks[(y >> 1) * columns + (x >> 1)]];
  }
  return { labels, count };
}

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
