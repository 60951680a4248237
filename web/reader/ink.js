/** From gray levels to ink: even out the light, decide which side is paper, and draw the line between the two. */

import { dropLines } from "./components.js";
import constants from "./constants.js";
import { blur, medianFilter } from "./filters.js";
import { countLevels, invert, raster } from "./image.js";
import { connect } from "./labeling.js";
import { open, opensToNothing } from "./morphology.js";
import { quantile } from "./numbers.js";
import { shrink, sizeFor, stretch } from "./resize.js";
import { strokeWidth } from "./strokes.js";

/** @typedef {import("./image.js").Raster} Raster */

const { fround } = Math;
const { SMALL, WINDOW, MIN_CONTRAST, NOISE, WEAK, STRONG, FAINT } = constants.ink;

/**
 * Decide which side is paper, and invert the picture if the ink is the darker one.
 *
 * Ink is the minority: the deviations from the median have their long tail on its side, whatever share of the picture
 * it covers. Only what deviates from the median of the picture and of its surroundings counts, not shadows and edges;
 * in narrow surroundings a steep shadow is straight, and both its sides count alike.
 *
 * @param {Raster} gray
 * @returns {Raster} with ink lighter than the paper
 */
export function invertToLightInk(gray) {
  const small = reduce(gray, SMALL);
  const middle = quantile(countLevels(small), 0.5);
  const around = medianFilter(small, Math.floor(Math.min(small.width, small.height) / 5) >> 1).data;
  let skew = 0;
  for (let i = 0; i < around.length; i++) {
    const fromMiddle = small.data[i] - middle;
    const fromAround = small.data[i] - around[i];
    const deviation = Math.abs(fromMiddle) < Math.abs(fromAround) ? fromMiddle : fromAround;
    skew += deviation * deviation * deviation; // faster than a power
  }
  return skew >= 0 ? gray : invert(gray);
}

/**
 * Remove the paper's own level, so that shadows and gradients vanish.
 *
 * The paper's level around each pixel is the darkest that a window wider than the strokes always meets (a morphological
 * opening). What is above it counts in proportion to the light that falls there. The window is first guessed from the
 * size of the picture, then fitted to the strokes that this shows, of which shadows, lines and noise are the faint ones.
 *
 * @param {Raster} gray light ink on darker paper
 * @param {boolean} isRuled whether there may be ruled lines, to be left out
 * @returns {{ink: Raster, withLines: Raster, mask: Raster}} ink from 0, the bare paper, to 255; and 1 where there is some, but ruled lines
 */
export function evenOutLight(gray, isRuled) {
  const withoutLines = (mask, faint) => (isRuled ? dropLines(mask, faint) : mask);
  const guess = Math.min(gray.width, gray.height) / 3;
  const ink = abovePaper(gray, guess);
  const [withLines, faint] = binarize(ink);
  const mask = withoutLines(withLines, faint);
  const fitted = WINDOW * strokeWidth(mask, ink);
  const isNarrower = WINDOW * strokeWidth(withLines) < guess && fitted > 0 && fitted < guess;
  const finer = isNarrower ? abovePaper(gray, fitted) : ink;
  if (finer === ink) return { ink, withLines, mask };
  const [finerWithLines, finerFaint] = binarize(finer);
  return { ink: finer, withLines: finerWithLines, mask: withoutLines(finerWithLines, finerFaint) };
}

/**
 * Tell ink from paper with two thresholds: what is weak is ink only where it is connected to what is strong.
 *
 * @param {Raster} ink
 * @returns {[Raster, Raster]} 1 where there is ink, and where there is at least faint ink, such as pale lines; nowhere
 *   if nothing stands out from the noise
 */
export function binarize(ink) {
  const [little, weak, strong] = thresholds(ink);
  const [mask, faint] = [raster(ink.width, ink.height), raster(ink.width, ink.height)];
  const levels = ink.data;
  for (let i = 0; i < levels.length; i++) {
    mask.data[i] = levels[i] > weak ? 1 : 0;
    faint.data[i] = levels[i] > little ? 1 : 0;
  }
  const { labels, count } = connect(mask);
  const numbers = labels.data;
  const found = new Uint8Array(count);
  for (let i = 0; i < levels.length; i++) if (levels[i] > strong) found[numbers[i]] = 1;
  for (let i = 0; i < levels.length; i++) mask.data[i] = found[numbers[i]];
  return [mask, faint];
}

/**
 * From where on ink is faint, weak and strong; 255 if there is none.
 *
 * The levels of paper and ink are the means of what Otsu's threshold divides; while what is above it is only noise, of
 * the rest.
 */
function thresholds(ink) {
  const counts = countLevels(ink);
  let first = 0;
  while (counts.subarray(first).some((count) => count > 0)) {
    first = otsu(counts, first);
    const [paper, spread] = mean(counts, 0, first);
    const [level] = mean(counts, first, 256);
    if (level - paper <= Math.max(MIN_CONTRAST, NOISE * spread)) continue;
    const [faint, weak, strong] = [FAINT, WEAK, STRONG].map((share) => paper + share * (level - paper));
    const noise = NOISE * mean(counts, 0, Math.floor(faint) + 1)[1];
    return [Math.min(Math.max(faint, paper + noise), weak), weak, strong];
  }
  return [255, 255, 255];
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
  let small = reduce(gray, SMALL);
  const side = Math.floor((window * Math.max(small.width, small.height)) / Math.max(gray.width, gray.height)) | 1;
  if (opensToNothing(small, side)) return gray; // the paper is 0 already, as in a drawing
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
