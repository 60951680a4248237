/** From ink to parts: connected pieces of ink, without ruled lines, frames, blots and specks. */

import { bounds, connect, crop, dilate, keepRuns, map, pad, paste, raster, transpose } from "./image.js";
import { round, sum } from "./numbers.js";
import { strokeWidth, weightedMedian } from "./strokes.js";

/** @typedef {import("./image.js").Raster} Raster */

const EDGE_TO_EDGE = 0.95; // of the picture; an upright line is as long where no level ones are: else it may be a 1
const STRAIGHT = 8; // stroke widths; strokes of digits run level for less
const SHORTEST = 1.5; // heights of the writing; of a ruled line
const WRITING = 1.5; // stroke widths; what is left without lines is higher, or else it is the ends of a dash
const THICKEST = 0.05; // of its length; of a ruled line
const FRAME = 0.8; // of the part's ink; this much near the edges of its box makes it a frame if something is inside
const SPECK = 0.12; // of the height of the digits; smaller parts are specks
const [THIN, BIT] = [0.5, 0.25]; // of the typical stroke width and height; as thin and small is a bit of a ruled line
const OVERLAP = 0.5; // of the width of the narrower of two parts one above the other
const [GAP, TALLEST] = [0.25, 1.8]; // of the height of the digits: between two parts of one digit, and both together
const SMALLEST = 6; // pixels; likewise

/** Some ink: its leftmost column `x` and topmost row `y` in the picture, and a mask of the box that starts there. */
export class Part {
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

/** The ink of several parts as one. */
export function join(parts) {
  const [x, y] = [Math.min(...parts.map((part) => part.x)), Math.min(...parts.map((part) => part.y))];
  const right = Math.max(...parts.map((part) => part.right));
  const bottom = Math.max(...parts.map((part) => part.bottom));
  const mask = raster(right - x, bottom - y);
  for (const part of parts) {
    for (let row = 0, i = 0; row < part.height; row++) {
      let j = (part.y - y + row) * mask.width + part.x - x;
      for (const end = i + part.width; i < end; i++, j++) mask.data[j] |= part.mask.data[i];
    }
  }
  return new Part(x, y, mask);
}

/** The ink in a piece of the picture that starts at (x, y); null if there is none. */
export function trim(x, y, mask) {
  const box = bounds(mask);
  return box && new Part(x + box.x, y + box.y, crop(mask, box.x, box.y, box.width, box.height));
}

/**
 * Erase ruled lines and forms, and leave the strokes that cross them.
 *
 * A line is thin, straight, and longer than what is written on it is high. Of a pale one only bits count as ink, but in
 * the faint ink it is whole.
 *
 * @param {Raster} mask where there is ink
 * @param {Raster} faint likewise, and where there is only a little
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
  const height = typicalHeight(findParts(without(without(ink, level), upright)));
  if (height <= WRITING * stroke) return mask;
  const lines = level && long(level, SHORTEST * height);
  const leastUp = lines?.data.includes(1) ? 0 : EDGE_TO_EDGE * mask.height;
  const linesUp = turned && transpose(long(turned, Math.max(SHORTEST * height, leastUp)));
  const clean = without(without(ink, lines), linesUp);
  return paste(raster(mask.width, mask.height), clean, x, y);
}

const without = (mask, strokes) => (strokes ? map(mask, (ink, i) => ink && !strokes.data[i]) : mask);

/** The connected pieces of ink. */
export function findParts(mask) {
  const { labels } = connect(mask);
  const masks = boxes(labels).map(({ x, y, right, bottom }) => ({ x, y, mask: raster(right - x, bottom - y) }));
  for (let row = 0, i = 0; row < mask.height; row++) {
    for (let column = 0; column < mask.width; column++) {
      const label = labels.data[i++];
      if (!label) continue;
      const { x, y, mask: piece } = masks[label];
      piece.data[(row - y) * piece.width + column - x] = 1;
    }
  }
  return masks.slice(1).map(({ x, y, mask: piece }) => new Part(x, y, piece));
}

/** Drop specks, what is left of ruled lines, and frames around other parts. */
export function dropClutter(parts) {
  const height = typicalHeight(parts);
  const strokes = parts.map((part) => strokeWidth(part.mask));
  const stroke = weightedMedian(strokes, parts.map((part) => part.area));
  return parts.filter((part, i) => {
    const [short, length] = [Math.min(part.width, part.height), Math.max(part.width, part.height)];
    const isSpeck = length < Math.max(SPECK * height, SMALLEST);
    const isLine = length > SHORTEST * height && short < SPECK * length;
    const isBitOfALine = strokes[i] < THIN * stroke && short < BIT * height;
    return !(isSpeck || isLine || isBitOfALine || isFrame(part, parts));
  });
}

/** Join broken strokes: parts one above the other with a small gap, together about as high as other digits. */
export function joinStrokes(parts) {
  const height = typicalHeight(parts);
  const joined = [];
  for (const part of parts.toSorted((a, b) => a.y - b.y)) {
    const index = joined.findIndex((above) => {
      const both = Math.min(above.right, part.right) - Math.max(above.x, part.x);
      return (
        both >= OVERLAP * Math.min(above.width, part.width) &&
        part.y - above.bottom < GAP * height &&
        Math.max(part.bottom, above.bottom) - above.y < TALLEST * height
      );
    });
    if (index < 0) joined.push(part);
    else joined[index] = join([joined[index], part]);
  }
  return joined;
}

/** The median height of parts, weighted by their ink, so that many specks do not count; 0 if there are none. */
export function typicalHeight(parts) {
  return weightedMedian(parts.map((part) => part.height), parts.map((part) => part.area));
}

/** Whether ink runs along the edges of its box only, and other parts lie within. */
function isFrame(part, parts) {
  const [x, y] = [Math.max(1, Math.floor(part.width / 6)), Math.max(1, Math.floor(part.height / 6))];
  let inside = 0;
  for (let row = y; row < part.height - y; row++) {
    for (let column = x; column < part.width - x; column++) inside += part.mask.data[row * part.width + column];
  }
  if (inside > (1 - FRAME) * part.area) return false;
  return parts.some(
    (other) =>
      other !== part &&
      other.height > SPECK * part.height &&
      part.x <= other.x &&
      part.y <= other.y &&
      other.right <= part.right &&
      other.bottom <= part.bottom,
  );
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
