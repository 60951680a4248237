/** Ink of one digit to an image like those of MNIST. */

import constants from "./constants.js";
import { bounds, crop, map, pad } from "./image.js";
import { dilate, morphByDisk } from "./morphology.js";
import { quantile, round } from "./numbers.js";
import { resize } from "./resize.js";
import { strokeWidth } from "./strokes.js";

/** @typedef {import("./image.js").Raster} Raster */

const { fround } = Math;
const { SIDE, INK_SIDE, CENTER } = constants.form;
const { FINE, INK, FULL, THINNEST, THICKEST } = constants.normalize;

/**
 * The ink of one component of a picture, at full strength.
 *
 * @param {Raster} ink of the whole picture, 0 is paper
 * @param {import("./components.js").Component} component
 * @returns {Raster}
 */
export function cutOut(ink, component) {
  const soft = dilate(pad(component.mask, 1)); // the soft edge of the strokes
  const [left, top] = [Math.max(component.x - 1, 0), Math.max(component.y - 1, 0)];
  const [right, bottom] = [Math.min(component.right + 1, ink.width), Math.min(component.bottom + 1, ink.height)];
  const around = crop(ink, left, top, right - left, bottom - top);
  const mask = crop(soft, left - component.x + 1, top - component.y + 1, around.width, around.height);
  const counts = new Int32Array(256); // of levels
  for (let i = 0; i < around.data.length; i++) if (mask.data[i]) counts[around.data[i]]++;
  const strength = fround(255 / Math.max(quantile(counts, FULL / 100), 1)); // around single pixels most is paper
  const full = Uint8Array.from(counts, (_, level) => Math.min(round(fround(level * strength)), 255));
  for (let i = 0; i < around.data.length; i++) around.data[i] = mask.data[i] ? full[around.data[i]] : 0;
  return around;
}

/**
 * Turn the ink of one digit into an image as the makers of MNIST did, with strokes of the weight they have there.
 *
 * The longer side becomes 20 pixels, antialiased; the center of mass comes to the center of 28x28.
 *
 * @param {Raster} ink 0 is paper; some of it is above 0
 * @returns {Uint8Array} 28x28, 0 is paper and 255 full ink
 */
export function normalize(ink) {
  const strokes = adjustStrokes(resizeTo(cut(ink), FINE * INK_SIDE));
  const small = resizeTo(cut(strokes), INK_SIDE);
  const strength = fround(255 / /** @type {Uint8Array} */ (small.data).reduce((most, level) => Math.max(most, level)));
  return center({ ...small, data: Float32Array.from(small.data, (level) => level * strength) });
}

/**
 * Whether a picture already looks as `normalize` leaves one: so do all of MNIST's.
 *
 * @param {Raster} gray
 */
export function isNormal(gray) {
  if (gray.width !== SIDE || gray.height !== SIDE || !gray.data.includes(0)) return false;
  const box = bounds(gray);
  if (!box || Math.max(box.width, box.height) !== INK_SIDE) return false;
  return centerOfMass(gray).every((place) => Math.abs(place - CENTER) <= 0.5);
}

/** Thicken thin strokes and thin thick ones, to the range that is common in MNIST; adds a margin. */
function adjustStrokes(gray) {
  const ink = pad(gray, 2 * FINE);
  const width = strokeWidth(map(ink, (level) => level > INK)) / FINE;
  const change = Math.max(THINNEST, Math.min(width, THICKEST)) - width;
  const side = round(FINE * Math.abs(change)) + 1;
  return side <= 1 ? ink : morphByDisk(ink, side, change > 0);
}

function cut(ink) {
  const { x, y, width, height } = /** @type {NonNullable<ReturnType<typeof bounds>>} */ (bounds(ink));
  return crop(ink, x, y, width, height);
}

/** Scale until the longer side has `side` pixels. */
function resizeTo(ink, side) {
  return resize(ink, side / Math.max(ink.width, ink.height));
}

/** Place `ink` with its center of mass at pixel (14, 14), where MNIST has it, as far as it fits. */
function center(ink) {
  const image = new Uint8Array(SIDE * SIDE);
  const [x, y] = centerOfMass(ink);
  const start = (place, length) => Math.max(0, Math.min(round(CENTER - place), SIDE - length));
  const [left, top] = [start(x, ink.width), start(y, ink.height)];
  for (let row = 0, i = 0; row < ink.height; row++) {
    for (let column = 0; column < ink.width; column++) image[(top + row) * SIDE + left + column] = round(ink.data[i++]);
  }
  return image;
}

/** Column and row. */
function centerOfMass({ width, height, data }) {
  let [sum, sumX, sumY] = [0, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      sum += data[i];
      sumX += x * data[i];
      sumY += y * data[i];
    }
  }
  return [sumX / sum, sumY / sum];
}
