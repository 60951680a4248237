/**
 * Rasters of pixels: cutting, pasting, and what is in them.
 *
 * @typedef {object} Raster One number a pixel, row by row; in a mask, 1 is ink and 0 paper.
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array|Int32Array|Float32Array} data
 */

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
 * Turned by a quarter, counterclockwise.
 *
 * @param {Raster} source
 * @returns {Raster}
 */
export function turn({ width, height, data }) {
  const out = raster(height, width);
  for (let y = 0, i = 0; y < width; y++) {
    for (let x = 0; x < height; x++) out.data[i++] = data[x * width + width - 1 - y];
  }
  return out;
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
