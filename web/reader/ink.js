/** From pixels to ink: a network says how probably each pixel is covered by writing, and at what scale to look. */

import constants from "./constants.js";
import { distance } from "./distance.js";
import { pad, raster } from "./image.js";
import { boxes, connect } from "./labeling.js";
import { round } from "./numbers.js";
import { resize } from "./resize.js";
import { weightedMedian } from "./strokes.js";

/** @typedef {import("./image.js").Raster} Raster */
/** @typedef {(tile: Uint8Array) => Promise<Float32Array>} ClassifyInk red, green and blue of a square of pixels to probabilities of ink, 0 to 1 */

const { fround } = Math;
const { TILES, OVERLAP, TYPICAL, NEAR, COARSE, LONGEST, LARGEST, TRIES, BLOT, WEAK, STRONG } = constants.ink;

/**
 * Find the ink in a picture.
 *
 * The network is shown the whole picture, reduced; then again at the scale at which what it found has the height of
 * the digits it was trained on, until that no longer changes.
 *
 * @param {Raster[]} channels red, green and blue
 * @param {ClassifyInk} classifyInk
 * @returns {Promise<{ink: Raster, scale: number}>} how probably each pixel is ink, 0 to 255, at the scale that was
 *   found; and how many pixels of that make up one pixel of the picture, along each axis
 */
export async function findInk(channels, classifyInk) {
  const longer = Math.max(channels[0].width, channels[0].height);
  const most = Math.min(LONGEST / longer, LARGEST);
  /** @type {number[]} */
  const tried = [];
  let scale = Math.min(COARSE / longer, most);
  while (true) {
    const ink = await look(channels.map((channel) => resize(channel, scale)), classifyInk);
    tried.push(scale);
    const height = typicalHeight(findMask(ink));
    const wanted = Math.min(scale * (height ? TYPICAL / height : 2), most);
    const isNear = (other) => 1 / NEAR < wanted / other && wanted / other < NEAR;
    if (tried.length === TRIES || tried.some(isNear)) return { ink, scale };
    scale = wanted;
  }
}

/**
 * Separate ink from paper with two thresholds: weak pixels are ink only where they are connected to strong ones.
 *
 * Source: hysteresis as in J. Canny, "A computational approach to edge detection", PAMI 8(6), 1986, section VIII.
 *
 * @param {Raster} ink
 * @returns {Raster} 1 where there is ink
 */
export function findMask(ink) {
  const levels = ink.data;
  const mask = raster(ink.width, ink.height);
  for (let i = 0; i < levels.length; i++) mask.data[i] = levels[i] > WEAK ? 1 : 0;
  const { labels, count } = connect(mask);
  const numbers = labels.data;
  const found = new Uint8Array(count);
  for (let i = 0; i < levels.length; i++) if (levels[i] > STRONG) found[numbers[i]] = 1;
  for (let i = 0; i < levels.length; i++) mask.data[i] = found[numbers[i]];
  return mask;
}

/**
 * The median height of connected components in pixels, weighted by their ink; 0 if there are none.
 *
 * From far away, a sheet of paper on a table may be taken for ink. It is no stroke, and left out.
 */
function typicalHeight(mask) {
  const connected = connect(mask);
  const found = boxes(connected);
  const labels = connected.labels.data;
  const { width, data: depth } = distance(pad(mask, 1)); // all around is paper
  const deepest = new Float32Array(found.length + 1);
  for (let i = 0; i < labels.length; i++) {
    const far = depth[(Math.floor(i / mask.width) + 1) * width + (i % mask.width) + 1];
    if (labels[i] && far > deepest[labels[i]]) deepest[labels[i]] = far;
  }
  const strokes = found.filter((box, i) => 2 * deepest[i + 1] < BLOT * Math.max(box.width, box.height));
  const high = strokes.map((box) => Math.max(box.height, box.width >> 1));
  return weightedMedian(high, strokes.map(({ area }) => area));
}

/** How probably each pixel is ink, 0 to 255, tile by tile. */
async function look(channels, classifyInk) {
  const { width, height } = channels[0];
  const side = TILES.find((tile) => tile >= Math.max(width, height)) ?? TILES[TILES.length - 1];
  const [step, edge] = [side - OVERLAP, OVERLAP >> 1];
  const found = raster(width, height);
  for (let top = 0; top < Math.max(height - OVERLAP, 1); top += step) {
    for (let left = 0; left < Math.max(width - OVERLAP, 1); left += step) {
      const [right, bottom] = [Math.min(left + side, width), Math.min(top + side, height)];
      // in the middle of the tile, so that all four edges of the picture look alike
      const [before, above] = [(side - right + left) >> 1, (side - bottom + top) >> 1];
      const seen = await classifyInk(cutTile(channels, left - before, top - above, side));
      for (let y = top ? top + edge : 0; y < bottom; y++) {
        for (let x = left ? left + edge : 0; x < right; x++) {
          found.data[y * width + x] = round(fround(255 * seen[(y - top + above) * side + x - left + before]));
        }
      }
    }
  }
  return found;
}

/** The square that starts at (left, top), each pixel's red, green and blue in turn; beyond the edges, these go on. */
function cutTile(channels, left, top, side) {
  const { width, height } = channels[0];
  const tile = new Uint8Array(3 * side * side);
  for (let y = 0, i = 0; y < side; y++) {
    const start = clamp(top + y, height) * width;
    for (let x = 0; x < side; x++) {
      const pixel = start + clamp(left + x, width);
      for (const { data } of channels) tile[i++] = data[pixel];
    }
  }
  return tile;
}

/** The place nearest to `place` from 0 to `length` - 1. */
function clamp(place, length) {
  return Math.max(0, Math.min(place, length - 1));
}
