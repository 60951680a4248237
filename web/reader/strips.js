/** Text lines cut out of a page, as images that a network reads whole. */

import constants from "./constants.js";
import { map, raster } from "./image.js";
import { round } from "./numbers.js";
import { enlarge, shrink } from "./resize.js";

/** @typedef {import("./image.js").Raster} Raster */
/** @typedef {{image: Raster, left: number, scale: number}} Strip a line as an image; where it begins, how it is scaled */

const { fround } = Math;
const { LINE_SIDE } = constants.form;
const { MARGIN, FAINT } = constants.strips;

/**
 * Cut a text line out of a page, level even if it slopes.
 *
 * @param {import("./page.js").Page} page
 * @param {import("./lines.js").Line} line of its ink
 * @param {number} digit the height of the line's digits, in pixels of the page
 * @returns {Strip}
 */
export function cutStrip({ ink }, line, digit) {
  const height = Math.max(2, round(2 * digit));
  const margin = round(MARGIN * digit);
  const left = Math.min(...line.components.map(({ x }) => x)) - margin;
  const width = Math.max(...line.components.map(({ right }) => right)) + margin - left;
  const around = raster(width, height);
  for (let x = Math.max(left, 0); x < Math.min(left + width, ink.width); x++) {
    const top = round(line.middle(x) - height / 2);
    for (let y = Math.max(top, 0); y < Math.min(top + height, ink.height); y++) {
      around.data[(y - top) * width + x - left] = ink.data[y * ink.width + x];
    }
  }
  const scale = LINE_SIDE / height;
  const image = (scale < 1 ? shrink : enlarge)(around, Math.max(1, round(scale * width)), LINE_SIDE);
  const most = /** @type {Uint8Array} */ (image.data).reduce((greatest, level) => Math.max(greatest, level));
  const strength = fround(255 / Math.max(most, FAINT));
  return { image: map(image, (level) => Math.min(round(fround(level * strength)), 255)), left, scale };
}
