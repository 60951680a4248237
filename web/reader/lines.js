/** Lines of writing: which components stand beside one another, how high, and how much they lean. */

import { join, typicalHeight } from "./components.js";
import constants from "./constants.js";
import { interpolate, least, median, round, spread, sum } from "./numbers.js";

/** @typedef {import("./components.js").Component} Component */

const { TALL, LOWEST, SLOPE, NEAR, SLANTS } = constants.lines;
const [FIRST, LAST, COUNT] = SLANTS;
const LEANS = spread(FIRST, LAST, COUNT); // columns to the right for each row up

/** Components beside one another, from left to right. */
export class Line {
  /** @param {Component[]} components */
  constructor(components) {
    this.components = components;
    this.width = Math.max(...components.map(({ right }) => right)) - Math.min(...components.map(({ x }) => x));
    this.height = typicalHeight(components); // of its digits
    const digits = components.filter((component) => component.height >= TALL * this.height).sort(byCenter);
    this.centers = digits.map(center);
    const middles = digits.map(middle);
    this.slope = slopeOf(this.centers, middles); // rows down for each column to the right
    this.start = median(middles.map((y, i) => y - this.slope * this.centers[i]));
    const bottoms = digits.map((component) => component.bottom);
    this.feet = bottoms.map((_, i) => median(bottoms.slice(Math.max(0, i - 1), i + 2)));
  }

  /** The row through the middle of its digits, at a column of the page. */
  middle(x) {
    return this.start + this.slope * x;
  }

  /** How far the top of a component is above the foot of the line there, in heights: of a digit about 1, of a comma 0.3. */
  reach(component) {
    return (interpolate(center(component), this.centers, this.feet) - component.y) / this.height;
  }
}

/**
 * Group components into lines of writing, from top to bottom, each from left to right.
 *
 * Every component follows the one on its left that is closest in height above the page, so lines may slope and bend.
 *
 * @param {Component[]} components
 * @returns {Component[][]}
 */
export function findLines(components) {
  const height = typicalHeight(components);
  const isBit = (component) => component.height < LOWEST * height;
  /** @type {Component[][]} */
  const lines = [];
  for (const component of components.filter((each) => !isBit(each)).sort(byCenter)) {
    const drops = lines.map((line) => Math.abs(middle(line.at(-1)) - middle(component)));
    const nearest = least(drops);
    if (drops[nearest] < SLOPE * Math.max(height, component.height)) lines[nearest].push(component);
    else lines.push([component]);
  }
  /** @type {Component[][]} */
  const bits = lines.map(() => []);
  for (const component of components.filter(isBit)) {
    const distances = lines.map((line) => Math.min(...line.map((other) => distance(component, other))));
    const nearest = least(distances);
    if (distances[nearest] < NEAR * height) bits[nearest].push(component);
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
  const sums = LEANS.map((slant) => {
    const counts = new Float64Array(width + height + 1);
    const start = Math.min(slant, 0) * (height - 1);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++) if (data[i++]) counts[round(x + slant * y - start)]++;
    }
    return counts.reduce((sum, count) => sum + count * count, 0);
  });
  return LEANS[least(sums.map((sum) => -sum))];
}

export const center = (component) => component.x + component.width / 2;

const byCenter = (a, b) => center(a) - center(b);

const middle = (component) => component.y + component.height / 2;

/** The slope of the straight line that fits best, by least squares; 0 through a single point. */
function slopeOf(x, y) {
  const [left, top] = [sum(x) / x.length, sum(y) / y.length];
  const along = sum(x.map((each) => (each - left) ** 2));
  return sum(x.map((each, i) => (each - left) * (y[i] - top))) / Math.max(along, 1);
}

/** Between two boxes, 0 if they overlap. */
function distance(component, other) {
  const right = Math.max(component.x - other.right, other.x - component.right, 0);
  const down = Math.max(component.y - other.bottom, other.y - component.bottom, 0);
  return Math.hypot(right, down);
}
