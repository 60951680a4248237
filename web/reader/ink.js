/** From gray levels to ink: even out the light, decide which side is paper, and draw the line between the two. */

import { blur, connect, invert, medianFilter, open, raster, shrink, sizeFor, stretch } from "./image.js";
import { dropLines } from "./parts.js";
import { strokeWidth } from "./strokes.js";

/** @typedef {import("./image.js").Raster} Raster */

const { fround } = Math;
const SMALL = 64; // pixels, the longer side of the picture that the light is estimated from
const WINDOW = 6; // stroke widths; paper is looked for within such a distance
const MIN_CONTRAST = 12; // of 255; what differs less from the paper is not seen as ink
const NOISE = 3.5; // standard deviations of the paper around its own mean; likewise
const [WEAK, STRONG] = [0.35, 0.6]; // of the ink's level: pixels above WEAK are ink where they touch some above STRONG

/**
 * Decide which side is paper, and invert the picture if the ink is the darker one.
 *
 * Ink is the minority: the deviations from the median have their long tail on its side, whatever share of the picture
 * it covers. Only what deviates from the median of the picture and of its surroundings counts, not shadows and edges.
 *
 * @param {Raster} gray
 * @returns {Raster} with ink lighter than the paper
 */
export function invertToLightInk(gray) {
  const small = reduce(gray, SMALL);
  const longest = Math.max(small.width, small.height);
  const [all, around] = [1, 3].map((part) => medianFilter(small, Math.floor(longest / part) >> 1).data);
  let skew = 0;
  small.data.forEach((level, i) => {
    const deviations = [level - all[i], level - around[i]];
    skew += (Math.abs(deviations[0]) < Math.abs(deviations[1]) ? deviations[0] : deviations[1]) ** 3;
  });
  return skew >= 0 ? gray : invert(gray);
}

/**
 * Remove the paper's own level, so that shadows and gradients vanish.
 *
 * The paper's level around each pixel is the darkest that a window wider than the strokes always meets (a morphological
 * opening). What is above it counts in proportion to the light that falls there. The window is first guessed from the
 * size of the picture, then fitted to the strokes that this shows.
 *
 * @param {Raster} gray light ink on darker paper
 * @returns {Raster} ink from 0, the bare paper, to 255
 */
export function evenOutLight(gray) {
  const guess = Math.min(gray.width, gray.height) / 3;
  const ink = abovePaper(gray, guess);
  const mask = binarize(ink);
  if (WINDOW * strokeWidth(mask) >= guess) return ink;
  const fitted = WINDOW * strokeWidth(dropLines(mask));
  return fitted > 0 && fitted < guess ? abovePaper(gray, fitted) : ink;
}

/**
 * Tell ink from paper with two thresholds: what is weak is ink only where it is connected to what is strong.
 *
 * @param {Raster} ink
 * @returns {Raster} 1 where there is ink; nowhere if nothing stands out from the noise
 */
export function binarize(ink) {
  const [paper, level] = levels(ink);
  if (level === 0) return raster(ink.width, ink.height);
  const [weak, strong] = [WEAK, STRONG].map((share) => paper + share * (level - paper));
  const mask = raster(ink.width, ink.height);
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = ink.data[i] > weak ? 1 : 0;
  const { labels, count } = connect(mask);
  const found = new Uint8Array(count);
  for (let i = 0; i < mask.data.length; i++) if (ink.data[i] > strong) found[labels.data[i]] = 1;
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = found[labels.data[i]];
  return mask;
}

/** The mean of paper and of ink, by Otsu's threshold; while what is above it is only noise, by that of the rest. */
function levels({ data }) {
  const counts = new Int32Array(256);
  for (const value of data) counts[value]++;
  let first = 0;
  while (counts.subarray(first).some((count) => count > 0)) {
    first = otsu(counts, first);
    const [paper, spread] = mean(counts, 0, first);
    const [level] = mean(counts, first, 256);
    if (level - paper > Math.max(MIN_CONTRAST, NOISE * spread)) return [paper, level];
  }
  return [0, 0];
}

/** The level from which on pixels are ink, among those from `first` on. */
function otsu(counts, first) {
  let [all, sum] = [0, 0];
  for (let level = first; level < 256; level++) {
    all += counts[level];
    sum += counts[level] * level;
  }
  let [best, greatest] = [first, -1];
  let [below, sumBelow] = [0, 0];
  for (let level = first; level < 256; level++) {
    below += counts[level];
    sumBelow += counts[level] * level;
    const between = (sum * below - sumBelow * all) ** 2 / Math.max(below * (all - below), 1);
    if (between > greatest) [best, greatest] = [level, between];
  }
  return best + 1;
}

/** Mean and standard deviation of the levels from `first` to before `last`. */
function mean(counts, first, last) {
  let [total, sum, squares] = [0, 0, 0];
  for (let level = first; level < last; level++) {
    total += counts[level];
    sum += level * counts[level];
  }
  total = Math.max(total, 1);
  const average = sum / total;
  for (let level = first; level < last; level++) squares += (level - average) ** 2 * counts[level];
  return [average, Math.sqrt(squares / total)];
}

function abovePaper(gray, window) {
  let small = reduce(gray, 4 * SMALL);
  const side = Math.floor((window * Math.max(small.width, small.height)) / Math.max(gray.width, gray.height)) | 1;
  if (side > 1) small = blur(open(small, side, side), side);
  const paper = stretch(small, gray.width, gray.height).data;
  const ink = raster(gray.width, gray.height);
  for (let i = 0; i < paper.length; i++) ink.data[i] = ABOVE[256 * paper[i] + gray.data[i]];
  return ink;
}

/** What is above paper of a level, for every 256 * paper + level. */
const ABOVE = Uint8Array.from({ length: 65536 }, (_, i) => {
  const [paper, level] = [i >> 8, i & 255];
  return Math.max(0, Math.min(Math.floor(fround((level - paper) * fround(255 / Math.max(255 - paper, 1)))), 255));
});

/** Scale until the longer side has at most `side` pixels. */
function reduce(gray, side) {
  return Math.max(gray.width, gray.height) <= side ? gray : shrink(gray, ...sizeFor(gray, side));
}
