/** From ink to connected components, without ruled lines, frames, blots and specks. */

import constants from "./constants.js";
import { bounds, crop, map, pad, paste, raster, transpose } from "./image.js";
import { connect } from "./labeling.js";
import { dilate, keepRuns } from "./morphology.js";
import { round, sum } from "./numbers.js";
import { strokeWidth, strokeWidths, weightedMedian } from "./strokes.js";

/** @typedef {import("./image.js").Raster} Raster */

const {
  EDGE_TO_EDGE, STRAIGHT, SHORTEST, WRITING, THICKEST, FRAME, SPECK, THIN, BIT, OVERLAP, GAP, TALLEST, SMALLEST,
  MOST_COMPONENTS, MOST_COVERED,
} = constants.components;

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
 * Erase ruled lines and printed boxes, and leave the strokes that cross them.
 *
 * A ruled line is thin, straight, and longer than the writing on it is high. Only bits of a pale line count as ink, but
 * among the faint ink it is whole.
 *
 * @param {Raster} mask where there is ink
 * @param {Raster} faint 1 where there is at least faint ink
 * @returns {Raster}
 */
export function dropLines(mask, faint) {
  const box = bounds(faint);
  if (!box) return mask;
  // What is beyond the ink takes part only as far as strokes are made thicker by a pixel
  const [x, y] = [Math.max(box.x - 1, 0), Math.max(box.y - 1, 0)];
  const right = Math.min(box.x + box.width + 1, mask.width);
  const bottom = Math.min(box.y + box.height + 1, mask.height);
  const [ink, least] = [mask, faint].map((whole) => crop(whole, x, y, right - x, bottom - y));
  const stroke = strokeWidth(mask);
  const level = straightStrokes(least, stroke, mask.width);
  const turned = straightStrokes(transpose(least), stroke, mask.height);
  if (!level && !turned) return mask;
  const upright = turned && transpose(turned);
  const rest = boxes(connect(without(without(ink, level), upright)).labels).slice(1);
  const height = typicalHeight(rest.map(({ y, bottom, area }) => ({ height: bottom - y, area })));
  if (height <= WRITING * stroke) return mask;
  const lines = level && long(level, SHORTEST * height);
  const leastUp = lines?.data.includes(1) ? 0 : EDGE_TO_EDGE * mask.height;
  const linesUp = turned && transpose(long(turned, Math.max(SHORTEST * height, leastUp)));
  const clean = without(without(ink, lines), linesUp);
  return paste(raster(mask.width, mask.height), clean, x, y);
}

const without = (mask, strokes) => (strokes ? map(mask, (ink, i) => ink && !strokes.data[i]) : mask);

/**
 * The connected components of ink, without specks, what is left of ruled lines, and frames around others.
 *
 * @param {Raster} mask where there is ink
 * @returns {Component[]}
 * @throws {Error} if there are so many, or they lie over one another so much, that they cannot be writing
 */
export function findComponents(mask) {
  const { labels } = connect(mask);
  const widths = strokeWidths(mask, labels).slice(1);
  const found = boxes(labels).slice(1).map((box) => ({ ...box, width: box.right - box.x, height: box.bottom - box.y }));
  const typical = typicalHeight(found);
  const stroke = weightedMedian(widths, found.map((box) => box.area));
  found.forEach((box, i) => {
    const [short, length] = [Math.min(box.width, box.height), Math.max(box.width, box.height)];
    const isSpeck = length < Math.max(SPECK * typical, SMALLEST);
    const isLine = length > SHORTEST * typical && short < SPECK * length;
    const isBitOfALine = widths[i] < THIN * stroke && short < BIT * typical;
    box.isClutter = isSpeck || isLine || isBitOfALine;
  });
  const kept = found.filter((box) => !box.isClutter);
  const covered = sum(kept.map(({ width, height }) => width * height));
  if (kept.length > MOST_COMPONENTS || covered > MOST_COVERED) {
    throw tooDense(`${kept.length.toLocaleString("en-US")} connected components besides specks`);
  }
  for (const box of kept) box.mask = raster(box.width, box.height);
  for (let y = 0, i = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      const box = labels.data[i++] && found[labels.data[i - 1] - 1];
      if (box?.mask) box.mask.data[(y - box.y) * box.width + x - box.x] = 1;
    }
  }
  const byColumn = found.toSorted((a, b) => a.x - b.x);
  const isFrame = (box) => isHollow(box) && isAroundOthers(box, byColumn);
  return kept.filter((box) => !isFrame(box)).map(({ x, y, mask: piece }) => new Component(x, y, piece));
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

/** Whether ink runs along the edges of its box only. */
function isHollow({ width, height, area, mask }) {
  const [x, y] = [Math.max(1, Math.floor(width / 6)), Math.max(1, Math.floor(height / 6))];
  let inside = 0;
  for (let row = y; row < height - y; row++) {
    for (let column = x; column < width - x; column++) inside += mask.data[row * width + column];
  }
  return inside <= (1 - FRAME) * area;
}

/** Whether other components besides specks beside it lie in the box of one; they are sorted by their left ends. */
function isAroundOthers(box, byColumn) {
  for (let i = firstAt(byColumn, box.x); i < byColumn.length && byColumn[i].x < box.right; i++) {
    const other = byColumn[i];
    const isWithin = box.y <= other.y && other.right <= box.right && other.bottom <= box.bottom;
    if (other !== box && isWithin && other.height > SPECK * box.height) return true;
  }
  return false;
}

/** The index of the first box whose left end is `x` or on its right. */
function firstAt(byColumn, x) {
  let [first, last] = [0, byColumn.length];
  while (first < last) {
    const middle = (first + last) >> 1;
    if (byColumn[middle].x < x) first = middle + 1;
    else last = middle;
  }
  return first;
}

/** Number the level strokes in a picture so wide, without what crosses them; 0 is all else. Null if there are none. */
function straightStrokes(mask, stroke, width) {
  const run = round(Math.max(STRAIGHT * stroke, width / 25, 24));
  const closed = keepRuns(mask, round(stroke) + 1, 0); // faint lines have gaps
  const straight = keepRuns(closed, run, 1);
  if (!straight.data.includes(1)) return null;
  const { labels } = connect(dilate(pad(straight, 1), 3, 3)); // a line that slopes is a chain of runs
  const found = boxes(labels).slice(1);
  const longest = Math.max(...found.map((box) => box.right - box.x));
  const longer = found.filter((box) => box.right - box.x >= longest / 2);
  const thickness = sum(longer.map((box) => box.area)) / sum(longer.map((box) => box.right - box.x));
  const high = transpose(keepRuns(transpose(mask), 2 * Math.max(1, round(thickness) - 2) + 1, 1)); // less the dilation
  const lines = crop(labels, 1, 1, mask.width, mask.height);
  return map(lines, (label, i) => (mask.data[i] && !high.data[i] ? label : 0));
}

/** Where strokes are longer than this, and thin. */
function long(strokes, shortest) {
  const chosen = boxes(strokes).map(({ x, right, area }) => right - x > shortest && area < THICKEST * (right - x) ** 2);
  return map(strokes, (label) => label && chosen[label]);
}

/** The box and the number of pixels of each label; none of 0, which is paper. */
function boxes({ width, height, data }) {
  const found = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const label = data[i++];
      if (!label) continue;
      const box = (found[label] ??= { x, y, right: 0, bottom: 0, area: 0 });
      if (x < box.x) box.x = x;
      if (x >= box.right) box.right = x + 1;
      box.bottom = y + 1;
      box.area++;
    }
  }
  return found;
}
