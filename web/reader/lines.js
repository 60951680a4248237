/** Lines of writing: which parts stand beside one another, how high, and how much they lean. */

import { interpolate, least, median, round, spread } from "./numbers.js";
import { join, typicalHeight } from "./parts.js";

/** @typedef {import("./parts.js").Part} Part */

const TALL = 0.6; // heights of a line; parts as high show where it stands
export const LOWEST = 0.4; // heights of a line, below which a part is no digit by itself but a dot, a dash or a bit of a digit
const SLOPE = 0.6; // likewise; from one digit to the next a line rises or falls by less
const NEAR = 0.7; // likewise; bits belong to the line at such a distance
const SLANTS = spread(-0.3, 0.9, 13); // columns for each row

/** Parts beside one another, from left to right. */
export class Line {
  /** @param {Part[]} parts */
  constructor(parts) {
    this.parts = parts;
    this.width = Math.max(...parts.map(({ right }) => right)) - Math.min(...parts.map(({ x }) => x));
    this.height = typicalHeight(parts); // of its digits
    const digits = parts.filter((part) => part.height >= TALL * this.height).sort(byCenter);
    this.middle = median(digits.map(middle)); // the row
    this.centers = digits.map(center);
    const bottoms = digits.map((part) => part.bottom);
    this.feet = bottoms.map((_, i) => median(bottoms.slice(Math.max(0, i - 1), i + 2)));
  }

  /** How far the top of a part is above the foot of the line there, in heights: of a digit about 1, of a comma 0.3. */
  reach(part) {
    return (interpolate(center(part), this.centers, this.feet) - part.y) / this.height;
  }
}

/**
 * Group parts into lines of writing, from top to bottom, each from left to right.
 *
 * Every part follows the one on its left that is closest in height above the page, so lines may slope and bend.
 *
 * @param {Part[]} parts
 * @returns {Part[][]}
 */
export function findLines(parts) {
  const height = typicalHeight(parts);
  const isBit = (part) => part.height < LOWEST * height;
  /** @type {Part[][]} */
  const lines = [];
  for (const part of parts.filter((each) => !isBit(each)).sort(byCenter)) {
    const drops = lines.map((line) => Math.abs(middle(line.at(-1)) - middle(part)));
    const nearest = least(drops);
    if (drops[nearest] < SLOPE * Math.max(height, part.height)) lines[nearest].push(part);
    else lines.push([part]);
  }
  /** @type {Part[][]} */
  const bits = lines.map(() => []);
  for (const part of parts.filter(isBit)) {
    const distances = lines.map((line) => Math.min(...line.map((other) => distance(part, other))));
    const nearest = least(distances);
    if (distances[nearest] < NEAR * height) bits[nearest].push(part);
  }
  const whole = lines.map((line, i) => [...line, ...bits[i]].sort(byCenter));
  return whole.sort((a, b) => median(a.map(middle)) - median(b.map(middle)));
}

/**
 * How far writing leans: columns to the right for each row up, such that most ink stands in few columns.
 *
 * Source: in the manner of A. Vinciarelli and J. Luettin, "A new normalization technique for cursive handwritten words",
 * Pattern Recognition Letters 22, 2001.
 */
export function findSlant(line) {
  const { width, height, data } = join(line).mask;
  const sums = SLANTS.map((slant) => {
    const counts = new Float64Array(width + height + 1);
    const start = Math.min(slant, 0) * (height - 1);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++) if (data[i++]) counts[round(x + slant * y - start)]++;
    }
    return counts.reduce((sum, count) => sum + count * count, 0);
  });
  return SLANTS[least(sums.map((sum) => -sum))];
}

export const center = (part) => part.x + part.width / 2;

const byCenter = (a, b) => center(a) - center(b);

const middle = (part) => part.y + part.height / 2;

/** Between two boxes, 0 if they overlap. */
function distance(part, other) {
  const right = Math.max(part.x - other.right, other.x - part.right, 0);
  const down = Math.max(part.y - other.bottom, other.y - part.bottom, 0);
  return Math.hypot(right, down);
}
