/** A picture with everything that was found out about it on the way to its ink. */

import { findComponents, join, joinStrokes, trim } from "./components.js";
import constants from "./constants.js";
import { invert, map, turn } from "./image.js";
import { findInk, findMask } from "./ink.js";
import { toChannels, toGray, toLightInk } from "./load.js";
import { cutOut, isNormal, normalize } from "./normalize.js";

/** @typedef {import("./components.js").Component} Component */
/** @typedef {import("./image.js").Raster} Raster */
/** @typedef {import("./load.js").Picture} Picture */

const { SIDE } = constants.form;
const { SMALLEST_SHARE } = constants.page;

/** A picture and what was made of it. */
export class Page {
  /**
   * @param {Picture} picture
   * @param {number} scale pixels of the ink for one of the picture, along each axis
   * @param {Raster} ink how probably each pixel is covered by writing, 0 to 255
   * @param {Component[]} components connected ink, without specks and with broken strokes joined
   * @param {boolean} isImage whether the picture is an image like those of MNIST: of one digit, with nothing left to do
   * @param {number} turned by how many quarters, counterclockwise, the ink and all that follows from it are turned
   */
  constructor(picture, scale, ink, components, isImage = false, turned = 0) {
    this.picture = picture;
    this.scale = scale;
    this.ink = ink;
    this.components = components;
    this.isImage = isImage;
    this.turned = turned;
  }

  /**
   * Take all the steps from a picture to its ink.
   *
   * @param {Picture} picture
   * @param {import("./ink.js").ClassifyInk} classifyInk
   * @returns {Promise<Page>}
   * @throws {Error} if nothing is written on it, or it is too dense to be writing
   */
  static async open(picture, classifyInk) {
    const channels = toChannels(picture);
    if (picture.width === SIDE && picture.height === SIDE) {
      const gray = toGray(channels);
      for (const ink of [gray, invert(gray)]) {
        if (!isNormal(ink)) continue;
        const mask = map(ink, (level) => level > 0);
        return new Page(picture, 1, ink, [/** @type {Component} */ (trim(0, 0, mask))], true);
      }
    }
    const { ink, scale } = await findInk(channels, classifyInk);
    return Page.#ofInk(picture, ink, scale);
  }

  /**
   * The same of a drawing, whose ink is known.
   *
   * @param {Picture} picture black on white
   * @throws {Error} as `open` does
   */
  static ofDrawing(picture) {
    return Page.#ofInk(picture, toLightInk(picture), 1);
  }

  static #ofInk(picture, ink, scale) {
    const mask = findMask(ink);
    const components = joinStrokes(findComponents(mask, ink));
    if (!components.length) {
      const reason = mask.data.includes(1) ? "nothing but specks" : "nothing is written on it";
      throw new Error(`no digits found (${reason})`);
    }
    return new Page(picture, scale, ink, components);
  }

  /** The page, turned counterclockwise by quarters. */
  turn(quarters) {
    let ink = this.ink;
    for (let i = 0; i < quarters; i++) ink = turn(ink);
    const components = joinStrokes(findComponents(findMask(ink), ink));
    return new Page(this.picture, this.scale, ink, components, false, this.turned + quarters);
  }

  /**
   * Where a component is, in pixels of the picture.
   *
   * @param {Pick<Component, "x" | "y" | "right" | "bottom">} component
   */
  box(component) {
    let { x: left, y: top, right, bottom } = component;
    let { width, height } = this.ink;
    for (let i = 0; i < this.turned; i++) { // back, clockwise
      [left, top, right, bottom] = [height - bottom, left, height - top, right];
      [width, height] = [height, width];
    }
    const [x, y] = [Math.floor(left / this.scale), Math.floor(top / this.scale)];
    right = Math.min(Math.ceil(right / this.scale), this.picture.width);
    bottom = Math.min(Math.ceil(bottom / this.scale), this.picture.height);
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
   * @param {Raster} ink
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
