/** Where digits may touch: ink is cut along paths from top to bottom that cross little of it. */

import { crop, raster } from "./image.js";
import { LOWEST } from "./lines.js";
import { least, mean, round, spread } from "./numbers.js";
import { trim } from "./parts.js";
import { strokeWidth } from "./strokes.js";

/** @typedef {import("./parts.js").Part} Part */
/** @typedef {{part: Part, crossed: number}} Piece ink that is not divided further; what the cut on its left crosses */

const { fround } = Math;
const CUT_WIDTH = 0.5; // heights of a line; narrower parts are not cut
const DASH = 3; // stroke widths; what is lower is a dash, not digits side by side
const CUT_STROKES = 5; // a cut crosses less ink
const CUT_DISTANCE = 0.1; // heights of a line, between two cuts
const [VALLEY, DIP] = [0.25, 0.1]; // heights of a line: how far around a column is the deepest, and how deep it must be
const [PATH, ASIDE] = [0.02, 0.3]; // what a pixel of paper and a step aside cost a cut, in pixels of ink

/**
 * Cut a part wherever digits may touch: along paths from top to bottom that cross little ink.
 *
 * @param {Part} part of a line
 * @param {number} height the typical height of the line's digits
 * @param {number} slant of the line
 * @returns {Piece[]} from left to right; too many, of which several may be one digit
 */
export function split(part, height, slant) {
  const uncut = [{ part, crossed: 0 }];
  if (part.width < CUT_WIDTH * height || part.height < LOWEST * height) return uncut;
  const stroke = fround(Math.max(strokeWidth(part.mask), 1));
  if (part.height < DASH * stroke) return uncut;
  let offsets = Array.from({ length: part.height }, (_, row) => round(slant * row)); // that put leaning strokes upright
  const lowest = Math.min(...offsets);
  offsets = offsets.map((offset) => offset - lowest);
  const upright = raster(part.width + Math.max(...offsets), part.height);
  for (let row = 0; row < part.height; row++) {
    const pixels = part.mask.data.subarray(row * part.width, (row + 1) * part.width);
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
  const numbers = numberBetween(edges, part.width);
  const pieces = [];
  for (let piece = 0; piece <= cuts.length; piece++) {
    const left = piece ? leastOf(edges, piece - 1, 0) : 0;
    const right = piece < cuts.length ? mostOf(edges, piece, part.width) : part.width;
    const mask = crop(part.mask, left, 0, Math.max(right - left, 0), part.height);
    for (let row = 0, i = 0; row < part.height; row++) {
      for (let x = left; x < right; x++, i++) if (numbers[row * part.width + x] !== piece) mask.data[i] = 0;
    }
    const found = trim(part.x + left, part.y, mask);
    if (found) pieces.push({ part: found, crossed: piece ? cuts[piece - 1].crossed : 0 });
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
