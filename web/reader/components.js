/** From ink to connected components, without specks. */

import constants from "./constants.js";
import { bounds, crop, raster } from "./image.js";
import { boxes, connect } from "./labeling.js";
import { sum } from "./numbers.js";
import { weightedMedian } from "./strokes.js";

/** @typedef {import("./image.js").Raster} Raster */

const { SURE, SPECK, OVERLAP, GAP, TALLEST, SMALLEST, MOST_COMPONENTS, MOST_COVERED } = constants.components;

/** A piece of ink: its leftmost column `x` and topmost row `y` in the picture, and a mask of the box that starts there. */
export class Component {
  /**
   * @param {number} x
   * @param {number} y
   * @param {Raster} mask
   */
  constructor(x, y, mask) {
    this.x = x;
    this.y = y;
    this.mask = mask;
    this.width = mask.width;
    this.height = mask.height;
    this.right = x + mask.width; // the first column after it
    this.bottom = y + mask.height; // the first row below it
    this.area = sum(mask.data); // pixels of ink
  }
}

/** The ink of several components as one. */
export function join(components) {
  const [x, y] = [Math.min(...components.map((each) => each.x)), Math.min(...components.map((each) => each.y))];
  const right = Math.max(...components.map((component) => component.right));
  const bottom = Math.max(...components.map((component) => component.bottom));
  const mask = raster(right - x, bottom - y);
  for (const component of components) {
    for (let row = 0, i = 0; row < component.height; row++) {
      let j = (component.y - y + row) * mask.width + component.x - x;
      for (const end = i + component.width; i < end; i++, j++) mask.data[j] |= component.mask.data[i];
    }
  }
  return new Component(x, y, mask);
}

/** The ink in a piece of the picture that starts at (x, y); null if there is none. */
export function trim(x, y, mask) {
  const box = bounds(mask);
  return box && new Component(x + box.x, y + box.y, crop(mask, box.x, box.y, box.width, box.height));
}

/**
 * The connected components of ink, without specks and what is much less probably ink than the others.
 *
 * @param {Raster} mask where there is ink
 * @param {Raster} ink how probably each pixel is ink, 0 to 255
 * @returns {Component[]}
 * @throws {Error} if there are so many, or they lie over one another so much, that they cannot be writing
 */
export function findComponents(mask, ink) {
  const connected = connect(mask);
  const sums = new Float64Array(connected.count);
  for (let i = 0; i < ink.data.length; i++) sums[connected.labels.data[i]] += ink.data[i];
  const found = boxes(connected).map((box) => ({ ...box, sure: sums[box.label] / box.area }));
  const least = SURE * weightedMedian(found.map(({ sure }) => sure), found.map(({ area }) => area));
  const shortest = Math.max(SPECK * typicalHeight(found), SMALLEST);
  const kept = found.filter(({ width, height, sure }) => Math.max(width, height) >= shortest && sure >= least);
  const covered = sum(kept.map(({ width, height }) => width * height));
  if (kept.length > MOST_COMPONENTS || covered > MOST_COVERED) {
    throw tooDense(`${kept.length.toLocaleString("en-US")} connected components besides specks`);
  }
  return kept.map(({ x, y, width, height, label }) => {
    const piece = raster(width, height);
    for (let row = 0, i = 0; row < height; row++) {
      let j = (y + row) * mask.width + x;
      for (const end = i + width; i < end; i++, j++) piece.data[i] = connected.labels.data[j] === label ? 1 : 0;
    }
    return new Component(x, y, piece);
  });
}

/** Join broken strokes: components one above the other with a small gap, together about as high as other digits. */
export function joinStrokes(components) {
  const height = typicalHeight(components);
  const groups = []; // sorted by y
  for (const component of components.toSorted((a, b) => a.y - b.y)) {
    const tooHigh = (group) => Math.max(component.bottom, group.bottom) - group.y >= TALLEST * height;
    let first = groups.length; // those that are farther up are too high together with the component
    while (first && component.bottom - groups[first - 1].y < TALLEST * height) first--;
    /** @type {typeof groups[number] | null} */
    let above = null;
    for (let i = first; i < groups.length && !above; i++) {
      const group = groups[i];
      const both = Math.min(group.right, component.right) - Math.max(group.x, component.x);
      const isAbove = both >= OVERLAP * Math.min(group.right - group.x, component.width);
      if (isAbove && component.y - group.bottom < GAP * height && !tooHigh(group)) above = group;
    }
    if (above) {
      above.components.push(component);
      above.x = Math.min(above.x, component.x);
      above.right = Math.max(above.right, component.right);
      above.bottom = Math.max(above.bottom, component.bottom);
    } else {
      const { x, y, right, bottom } = component;
      groups.push({ x, y, right, bottom, components: [component] });
    }
  }
  return groups.map((group) => (group.components.length > 1 ? join(group.components) : group.components[0]));
}

/** The median height of components, weighted by their ink, so that many specks do not count; 0 if there are none. */
export function typicalHeight(components) {
  return weightedMedian(components.map((component) => component.height), components.map((component) => component.area));
}

/** The error that a picture cannot be writing, because there is more of something in it than in any. */
export function tooDense(what) {
  return new Error(`too dense to be writing (${what}); crop it to what is to be read`);
}
