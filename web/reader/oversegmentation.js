/** Where digits may touch: ink is cut along paths from top to bottom that cross little of it. */

import { trim } from "./components.js";
import constants from "./constants.js";
import { crop, raster } from "./image.js";
import { least, mean, round, spread } from "./numbers.js";
import { strokeWidth } from "./strokes.js";

/** @typedef {import("./components.js").Component} Component */
/** @typedef {{component: Component, crossed: number}} Piece ink that is not divided further; what the cut on its left crosses */

const { fround } = Math;
const { LOWEST } = constants.lines;
const { CUT_WIDTH, DASH, CUT_STROKES, CUT_DISTANCE, VALLEY, DIP, PATH, ASIDE } = constants.oversegmentation;

/**
 * Cut a component wherever digits may touch: along paths from top to bottom that cross little ink.
 *
 * @param {Component} component of a line
 * @param {number} height the typical height of the line's digits
 * @param {number} slant of the line
 * @returns {Piece[]} from left to right; too many, of which several may be one digit
 */
export function split(component, height, slant) {
  const uncut = [{ component, crossed: 0 }];
  if (component.width < CUT_WIDTH * height || component.height < LOWEST * height) return uncut;
  const stroke = fround(Math.max(strokeWidth(component.mask), 1));
  if (component.height < DASH * stroke) return uncut;
  let offsets = Array.from({ length: component.height }, (_, row) => round(slant * row)); // that put leaning strokes upright
  const lowest = Math.min(...offsets);
  offsets = offsets.map((offset) => offset - lowest);
  const upright = raster(component.width + Math.max(...offsets), component.height);
  for (let row = 0; row < component.height; row++) {
    const pixels = component.mask.data.subarray(row * component.width, (row + 1) * component.width);
    upright.data.set(pixels, row * upright.width + offsets[row]);
  }
  const cutAlong = (path) => {
    const inked = path.reduce((sum, column, row) => sum + upright.data[row * upright.width + column], 0);
    return { path, mean: mean(path), crossed: fround(inked / stroke) };
  };
  const byCrossed = (a, b) => a.crossed - b.crossed;
  const valleys = valleyToValley(upright, height).map(cutAlong).sort(byCrossed);
  const seams = findSeams(upright, height).map(cutAlong).sort(byCrossed);
  const cuts = [];
  const distance = CUT_DISTANCE * height;
  // paths are no closer than their means
  const isFar = (one, other) => Math.abs(one.mean - other.mean) > distance || meanDistance(one.path, other.path) > distance;
  for (const cut of [...valleys, ...seams]) {
    if (cut.crossed < CUT_STROKES && cuts.every((other) => isFar(cut, other))) cuts.push(cut);
  }
  cuts.sort((a, b) => a.mean - b.mean);
  const edges = offsets.map((offset, row) => Int32Array.from(cuts, ({ path }) => path[row] - offset).sort());
  const numbers = numberBetween(edges, component.width);
  const pieces = [];
  for (let piece = 0; piece <= cuts.length; piece++) {
    const left = piece ? leastOf(edges, piece - 1, 0) : 0;
    const right = piece < cuts.length ? mostOf(edges, piece, component.width) : component.width;
    const mask = crop(component.mask, left, 0, Math.max(right - left, 0), component.height);
    for (let row = 0, i = 0; row < component.height; row++) {
      for (let x = left; x < right; x++, i++) if (numbers[row * component.width + x] !== piece) mask.data[i] = 0;
    }
    const found = trim(component.x + left, component.y, mask);
    if (found) pieces.push({ component: found, crossed: piece ? cuts[piece - 1].crossed : 0 });
  }
  return pieces;
}

/** How many edges, of which each row has its own, are left of each pixel or at it; rows are so wide. */
function numberBetween(edges, width) {
  const numbers = new Int32Array(edges.length * width);
  edges.forEach((places, row) => {
    let number = 0;
    for (let x = 0; x < width; x++) {
      while (number < places.length && places[number] <= x) number++;
      numbers[row * width + x] = number;
    }
  });
  return numbers;
}

/** The leftmost place of an edge, not before `least`. */
const leastOf = (edges, edge, least) => Math.max(edges.reduce((best, row) => Math.min(best, row[edge]), Infinity), least);

/** The rightmost place of an edge, not after `most`. */
const mostOf = (edges, edge, most) => Math.min(edges.reduce((best, row) => Math.max(best, row[edge]), 0), most);

/** Paths from top to bottom that cross less ink than those around: a column for each row. */
function findSeams(ink, height) {
  const { width, height: rows } = ink;
  const down = pathCosts(ink, 1);
  const up = pathCosts(ink, -1);
  const half = rows >> 1;
  const through = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    const i = half * width + x;
    through[x] = fround(down[i] + up[i]) - cost(ink.data[i]);
  }
  const reach = Math.max(1, round(CUT_DISTANCE * height));
  const found = [];
  for (let x = reach; x < width - reach; x++) {
    const isLeast = through.subarray(x - reach, x + reach + 1).every((other) => through[x] <= other);
    if (isLeast && (!found.length || x - found.at(-1) > reach)) found.push(x);
  }
  return found.map((column) => {
    const path = new Int32Array(rows);
    path[half] = column;
    for (const [step, total] of /** @type {[number, Float32Array][]} */ ([[-1, down], [1, up]])) {
      for (let row = half + step; row >= 0 && row < rows; row += step) {
        const near = [0, -1, 1].map((aside) => Math.max(0, Math.min(path[row - step] + aside, width - 1)));
        path[row] = near[least(near.map((x, i) => total[row * width + x] + (i ? ASIDE : 0)))];
      }
    }
    return path;
  });
}

/** The least cost of a path from the first row to each pixel; from the last row, if `step` is -1. */
function pathCosts({ width, height, data }, step) {
  const total = new Float32Array(data.length);
  const aside = fround(ASIDE);
  for (let n = 0; n < height; n++) {
    const start = (step > 0 ? n : height - 1 - n) * width;
    const above = start - step * width;
    for (let x = 0; x < width; x++) {
      let before = 0;
      if (n) {
        const left = x > 0 ? total[above + x - 1] : Infinity;
        const right = x < width - 1 ? total[above + x + 1] : Infinity;
        before = Math.min(total[above + x], fround(Math.min(left, right) + aside));
      }
      total[start + x] = cost(data[start + x]) + before;
    }
  }
  return total;
}

const cost = (ink) => fround(ink + fround(PATH));

/** Straight lines from where the outline dips at the top to where it rises at the bottom: there two curves touch. */
function valleyToValley(ink, height) {
  const { width: columns, height: rows, data } = ink;
  const tops = new Int32Array(columns).fill(rows);
  const bottoms = new Int32Array(columns).fill(rows);
  for (let y = 0, i = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (!data[i++]) continue;
      if (tops[x] === rows) tops[x] = y;
      bottoms[x] = rows - 1 - y;
    }
  }
  const reach = Math.max(1, round(VALLEY * height));
  const [starts, ends] = [tops, bottoms].map((depth) => {
    const found = [];
    for (let x = reach; x < columns - reach; x++) {
      const [left, right] = [depth.subarray(x - reach, x), depth.subarray(x + 1, x + reach + 1)];
      const isDeep = depth[x] >= Math.max(...left, ...right) && depth[x] > depth[x - 1];
      if (isDeep && depth[x] - Math.max(Math.min(...left), Math.min(...right)) > DIP * height) found.push(x);
    }
    return found;
  });
  return starts.flatMap((start) =>
    ends.filter((end) => Math.abs(start - end) < reach).map((end) => Int32Array.from(spread(start, end, rows), round)),
  );
}

const meanDistance = (path, other) => mean(path.map((column, row) => Math.abs(column - other[row])));
