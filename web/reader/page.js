/** A picture with everything that was found out about it on the way to its ink. */

import { findComponents, join, joinStrokes, trim } from "./components.js";
import constants from "./constants.js";
import { map } from "./image.js";
import { evenOutLight, invertToLightInk } from "./ink.js";
import { toGray, toLightInk } from "./load.js";
import { cutOut, isNormal, normalize } from "./normalize.js";
import { enlarge, shrink, sizeFor } from "./resize.js";

/** @typedef {import("./components.js").Component} Component */

const { LONGEST, SHORTEST, SMALLEST_SHARE } = constants.page;

/** A picture and what was made of it. */
export class Page {
  /**
   * Take all the steps from a picture to its ink.
   *
   * @param {ImageData} picture
   * @param {boolean} isDrawing whether it is known to be black on white, without ruled lines
   * @param {boolean} single whether it is known to show one digit; then, too, no lines are erased
   * @throws {Error} if it is blank, shows nothing but lines and specks, or is too dense to be writing
   */
  constructor(picture, isDrawing, single) {
    this.picture = picture;
    const gray = isDrawing ? toLightInk(picture) : invertToLightInk(toGray(picture)); // light ink on darker paper
    /** Whether the picture is an image like those of MNIST: of one digit, with nothing left to do. */
    this.isImage = isNormal(gray);
    if (this.isImage) {
      const mask = map(gray, (level) => level > 0);
      this.scale = 1;
      this.ink = gray;
      this.components = [/** @type {Component} */ (trim(0, 0, mask))];
      return;
    }
    const [resized, scale] = resize(gray);
    this.scale = scale; // pixels of the following for one of the picture
    const { ink, withLines, mask } = evenOutLight(resized, !(isDrawing || single));
    this.ink = ink; // 0 is paper
    /** @type {Component[]} connected ink, without specks, lines and frames and with broken strokes joined */
    this.components = joinStrokes(findComponents(mask));
    if (!this.components.length) {
      const reason = withLines.data.includes(1) ? "nothing but lines and specks" : "blank";
      throw new Error(`no digits found (${reason})`);
    }
  }

  /**
   * Where a component is, in pixels of the picture.
   *
   * @param {Component} component
   */
  box(component) {
    const [x, y] = [Math.floor(component.x / this.scale), Math.floor(component.y / this.scale)];
    const right = Math.min(Math.ceil(component.right / this.scale), this.picture.width);
    const bottom = Math.min(Math.ceil(component.bottom / this.scale), this.picture.height);
    return { x, y, width: right - x, height: bottom - y };
  }

  /**
   * The ink of a component alone.
   *
   * @param {Component} component
   */
  cutOut(component) {
    return this.isImage ? this.ink : cutOut(this.ink, component);
  }

  /**
   * Such ink as an image like those of MNIST.
   *
   * @param {import("./image.js").Raster} ink
   * @returns {Uint8Array}
   */
  image(ink) {
    return this.isImage ? /** @type {Uint8Array} */ (ink.data) : normalize(ink);
  }

  /** All ink, less what is small beside it: the digit, if the picture shows one. */
  digit() {
    const largest = Math.max(...this.components.map((component) => component.area));
    return join(this.components.filter((component) => component.area >= SMALLEST_SHARE * largest));
  }
}

/**
 * A picture of workable size, and the scale.
 *
 * @param {import("./image.js").Raster} gray
 * @returns {[import("./image.js").Raster, number]}
 */
function resize(gray) {
  const [shorter, longer] = [Math.min(gray.width, gray.height), Math.max(gray.width, gray.height)];
  if (longer > LONGEST) return [shrink(gray, ...sizeFor(gray, LONGEST)), LONGEST / longer];
  const scale = Math.max(1, Math.min(Math.ceil(SHORTEST / shorter), Math.floor(LONGEST / longer)));
  return [enlarge(gray, scale * gray.width, scale * gray.height), scale];
}
