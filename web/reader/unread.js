/** Ink that belongs to no digit: what stands on a page and was not read. The page marks it; Python has no use for it. */

import { raster } from "./image.js";
import { findMask } from "./ink.js";
import { boxes, connect } from "./labeling.js";
import { median } from "./numbers.js";

/** @typedef {import("./components.js").Component} Component */

const DIRT = 0.25; // of a digit's height: in a picture, smaller ink may be dirt
const LEFTOVER = 2; // pixels: in a drawing, all ink is meant, but where digits were cut apart, a little may be left over

/**
 * The boxes of the ink that no digit has.
 *
 * @param {import("./page.js").Page} page
 * @param {Component[]} digits at least one
 * @param {boolean} isDrawing whether all ink on the page is known to be meant
 */
export function findUnread(page, digits, isDrawing) {
  const { width, height } = page.ink;
  const rest = isDrawing ? findMask(page.ink) : raster(width, height);
  if (!isDrawing) for (const component of page.components) put(rest, component, 1);
  for (const digit of digits) put(rest, digit, 0);
  const least = isDrawing ? LEFTOVER : DIRT * median(digits.map((digit) => digit.height));
  return boxes(connect(rest))
    .filter((box) => Math.max(box.width, box.height) > least)
    .map((box) => page.box(box));
}

/** Set the pixels of a component. */
function put({ width, data }, { x, y, mask }, value) {
  for (let row = 0, i = 0; row < mask.height; row++) {
    const start = (y + row) * width + x;
    for (let column = 0; column < mask.width; column++, i++) if (mask.data[i]) data[start + column] = value;
  }
}
