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
 * The ink of a page without the components that belong to other lines or to none; they may reach into this line.
 *
 * @param {import("./lines.js").Line} line
 * @param {import("./page.js").Page} page
 * @returns {Raster}
 */
export function inkOf(line, { ink, components }) {
  const [data, own] = [ink.data.slice(), new Set(line.components)];
  for (const { x, y, width, mask } of components.filter((component) => !own.has(component))) {
    for (let i = 0; i < mask.data.length; i++) {
      if (mask.data[i]) data[(y + Math.floor(i / width)) * ink.width + x + (i % width)] = 0;
    }
  }
  return { ...ink, data };
}

/**
 * Cut a text line out of a page, level even if it slopes.
 *
 * @param {Raster} ink of the page, as `inkOf` gives it
 * @param {import("./lines.js").Line} line
 * @param {number} digit the height of the line's digits, in pixels of the page
 * @returns {Strip}
 */
export function cutStrip(ink, line, digit) {
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
