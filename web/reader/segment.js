/**
 * From parts of ink to digits: lines in order, and in each the division into digits that the network reads best.
 *
 * Source: over-segmentation, and the best path through the graph of candidates, as in Y. LeCun, L. Bottou, Y. Bengio,
 * P. Haffner, "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86(11), 1998, section V.
 */

import { raster } from "./image.js";
import { interpolate, least, mean, median, round, spread } from "./numbers.js";
import { join, trim, typicalHeight } from "./parts.js";
import { strokeWidth } from "./strokes.js";

/** @typedef {import("./parts.js").Part} Part */
/** @typedef {import("./image.js").Raster} Raster */
/** @typedef {{part: Part, crossed: number}} Piece ink that is not divided further; what the cut on its left crosses */
/**
 * What the network saw and said: the logarithms of the probabilities of the ten digits.
 *
 * @typedef {{part: Part, image: Uint8Array, answer: Float32Array}} Digit
 */

const { fround } = Math;
const TALL = 0.6; // heights of a line; parts as high show where it stands
const LOWEST = 0.35; // heights of a line, below which a part is no digit by itself but a dot, a dash or a bit of a digit
const WIDEST = 1.5; // likewise; no digit is wider
const SLOPE = 0.6; // likewise; from one digit to the next a line rises or falls by less
const NEAR = 0.7; // likewise; bits belong to the line at such a distance
const MOST_PIECES = 6; // of one digit
const CUT_WIDTH = 0.5; // heights of a line; narrower parts are not cut
const CUT_STROKES = 5; // a cut crosses less ink
const CUT_DISTANCE = 0.1; // heights of a line, between two cuts
const [VALLEY, DIP] = [0.25, 0.1]; // heights of a line: how far around a column is the deepest, and how deep it must be
const [PATH, ASIDE] = [0.02, 0.3]; // what a pixel of paper and a step aside cost a cut, in pixels of ink
const SLANTS = spread(-0.3, 0.9, 13); // columns for each row

// How far an answer is from none, in nats, for what is as likely a digit as not; how fast doubt fades on both sides.
const [HALF_SURE, STEEP] = [1, 0.5];

// What speaks against a division, in the unit of the network's own surprise, the negative logarithm of a probability.
const DOUBT = 0.01; // added to the score of a digit, so that none is impossible
const DIGIT = 0.1; // every digit
const [CROSSED, ENOUGH] = [0.5, 2]; // every stroke width that a cut crosses, up to two
const JOINED = 0.3; // every two pieces of a digit that do not touch
const GAP = 3; // the gap between them, in heights of the line
const WIDE = 3; // a digit's width beyond its height, in heights
const [LOW, REACH] = [10, 0.6]; // what the top of a digit lacks to this height above the foot of the line, in heights of it
const UNREAD = 1; // ink that belongs to no digit, ...
const UNREAD_SIZE = 2; // ... and its size, in heights of the line

/**
 * How much the network sees a digit, from 0 to 1, by how far its answer is from that of no idea at all.
 *
 * The distance is the divergence (Kullback and Leibler's, in nats) of even probabilities from those of the answer.
 *
 * @param {Float32Array} answer the logarithms of the probabilities of the ten digits
 */
export function score(answer) {
  const distance = -mean(answer) - Math.log(answer.length);
  return 1 / (1 + Math.exp(STEEP * (HALF_SURE - distance)));
}

/** The logarithms of the probabilities of the ten digits, by the softmax of the logits. */
function logSoftmax(logits) {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return logits.map((logit) => logit - most - Math.log(sum));
}

/** Parts beside one another, from left to right. */
class Line {
  /** @param {Part[]} parts */
  constructor(parts) {
    this.parts = parts;
    this.height = typicalHeight(parts); // of its digits
    const digits = parts.filter((part) => part.height >= TALL * this.height).sort(byCenter);
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
 * Divide a page into lines and digits.
 *
 * @param {import("./page.js").Page} page
 * @param {(images: Uint8Array) => Promise<Float32Array>} classify n images of 28x28 to n times 10 logits
 * @returns {Promise<Digit[][]>} of each line from left to right, lines from top to bottom
 */
export async function readLines(page, classify) {
  const lines = findLines(page.parts).map((parts) => {
    const [line, slant] = [new Line(parts), findSlant(parts)];
    const pieces = parts.flatMap((part) => split(part, line.height, slant));
    return { line, pieces, digits: candidates(pieces, line.height) };
  });
  await look(page, lines.flatMap(({ digits }) => digits), classify);
  return lines.map(({ line, pieces, digits }) => bestPath(pieces, digits, line)).filter((found) => found.length);
}

/**
 * Let the network see parts of a page.
 *
 * @param {import("./page.js").Page} page
 * @param {{part: Part}[]} digits to which `image` and `answer` are added
 * @param {(images: Uint8Array) => Promise<Float32Array>} classify
 */
export async function look(page, digits, classify) {
  if (!digits.length) return;
  const images = new Uint8Array(digits.length * 784);
  digits.forEach((digit, i) => {
    digit.image = page.image(digit.part);
    images.set(digit.image, i * 784);
  });
  const logits = await classify(images);
  digits.forEach((digit, i) => {
    digit.answer = logSoftmax(logits.slice(10 * i, 10 * i + 10));
  });
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
  const lines = [];
  for (const part of parts.filter((each) => !isBit(each)).sort(byCenter)) {
    const drops = lines.map((line) => Math.abs(middle(line.at(-1)) - middle(part)));
    const nearest = least(drops);
    if (drops[nearest] < SLOPE * Math.max(height, part.height)) lines[nearest].push(part);
    else lines.push([part]);
  }
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

/**
 * Cut a part wherever digits may touch: along paths from top to bottom that cross little ink.
 *
 * @param {Part} part of a line
 * @param {number} height the typical height of the line's digits
 * @param {number} slant of the line
 * @returns {Piece[]} from left to right; too many, which `bestPath` joins again
 */
export function split(part, height, slant) {
  if (part.width < CUT_WIDTH * height || part.height < LOWEST * height) return [{ part, crossed: 0 }];
  let offsets = Array.from({ length: part.height }, (_, row) => round(slant * row)); // that put leaning strokes upright
  const lowest = Math.min(...offsets);
  offsets = offsets.map((offset) => offset - lowest);
  const upright = raster(part.width + Math.max(...offsets), part.height);
  for (let row = 0; row < part.height; row++) {
    const pixels = part.mask.data.subarray(row * part.width, (row + 1) * part.width);
    upright.data.set(pixels, row * upright.width + offsets[row]);
  }
  const stroke = fround(Math.max(strokeWidth(part.mask), 1));
  const cutAlong = (path) => {
    const inked = path.reduce((sum, column, row) => sum + upright.data[row * upright.width + column], 0);
    return { path, crossed: fround(inked / stroke) };
  };
  const byCrossed = (a, b) => a.crossed - b.crossed;
  const valleys = valleyToValley(upright, height).map(cutAlong).sort(byCrossed);
  const seams = findSeams(upright, height).map(cutAlong).sort(byCrossed);
  const cuts = [];
  for (const cut of [...valleys, ...seams]) {
    const isFar = cuts.every((other) => meanDistance(cut.path, other.path) > CUT_DISTANCE * height);
    if (cut.crossed < CUT_STROKES && isFar) cuts.push(cut);
  }
  cuts.sort((a, b) => mean(a.path) - mean(b.path));
  const masks = Array.from({ length: cuts.length + 1 }, () => raster(part.width, part.height));
  for (let row = 0, i = 0; row < part.height; row++) {
    for (let column = 0; column < part.width; column++, i++) {
      if (!part.mask.data[i]) continue;
      const number = cuts.filter(({ path }) => column + offsets[row] >= path[row]).length;
      masks[number].data[i] = 1;
    }
  }
  return masks
    .map((mask, i) => ({ part: trim(part.x, part.y, mask), crossed: i ? cuts[i - 1].crossed : 0 }))
    .filter((piece) => piece.part);
}

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
    for (const [step, total] of [[-1, down], [1, up]]) {
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

/**
 * All runs of pieces that might be a digit, by the `first` piece and the one after the `last`.
 *
 * @param {Piece[]} pieces
 * @param {number} height
 * @returns {{first: number, last: number, part: Part}[]}
 */
export function candidates(pieces, height) {
  const found = [];
  for (let first = 0; first < pieces.length; first++) {
    for (let last = first + 1; last <= Math.min(first + MOST_PIECES, pieces.length); last++) {
      const some = pieces.slice(first, last);
      const part = join(some.map((piece) => piece.part));
      if (part.width > WIDEST * height) break;
      if (part.height >= LOWEST * height && !areTwo(some, height)) found.push({ first, last, part });
    }
  }
  return found;
}

/**
 * The division into digits and unread ink that surprises least.
 *
 * @param {Piece[]} pieces
 * @param {(Digit & {first: number, last: number})[]} digits
 * @param {Line} line
 * @returns {Digit[]}
 */
function bestPath(pieces, digits, line) {
  const costs = [0];
  const steps = [null]; // how each place is reached: from where, and by which digit
  for (let last = 1; last <= pieces.length; last++) {
    costs[last] = unread(pieces[last - 1].part, line.height) + costs[last - 1];
    steps[last] = { first: last - 1, digit: null };
    const after = pieces[last]?.crossed ?? 0;
    for (const digit of digits.filter((each) => each.last === last)) {
      const some = pieces.slice(digit.first, last);
      const cut = (CROSSED * (Math.min(some[0].crossed, ENOUGH) + Math.min(after, ENOUGH))) / 2;
      const surprise = -Math.log(score(digit.answer) * Math.exp(Math.max(...digit.answer)) + DOUBT);
      const total = DIGIT + cut + surprise + unlikely(some, digit.part, line) + costs[digit.first];
      if (total < costs[last]) {
        costs[last] = total;
        steps[last] = { first: digit.first, digit };
      }
    }
  }
  const path = [];
  for (let last = pieces.length; last; last = steps[last].first) if (steps[last].digit) path.unshift(steps[last].digit);
  return path;
}

/** Whether neighbors are far apart, or both high and side by side. */
function areTwo(pieces, height) {
  return pairs(pieces).some(([left, right]) => {
    if (right.crossed) return false;
    const gap = right.part.x - left.part.right;
    const areHigh = Math.min(left.part.height, right.part.height) > 0.6 * height;
    return gap > 0.3 * height || (areHigh && -gap < 0.3 * Math.min(left.part.width, right.part.width));
  });
}

/** What speaks against a digit by its shape and place and by the gaps between its pieces. */
function unlikely(pieces, whole, line) {
  let against = WIDE * Math.max(0, whole.width / whole.height - 1) + LOW * Math.max(0, REACH - line.reach(whole));
  for (const [left, right] of pairs(pieces)) {
    if (!right.crossed) against += JOINED + GAP * Math.max(0, (right.part.x - left.part.right) / line.height);
  }
  return against;
}

/** What speaks against leaving a piece unread. */
function unread(part, height) {
  return UNREAD + (UNREAD_SIZE * Math.max(part.height, part.width)) / height;
}

const center = (part) => part.x + part.width / 2;

const byCenter = (a, b) => center(a) - center(b);

const middle = (part) => part.y + part.height / 2;

/** Between two boxes, 0 if they overlap. */
function distance(part, other) {
  const right = Math.max(part.x - other.right, other.x - part.right, 0);
  const down = Math.max(part.y - other.bottom, other.y - part.bottom, 0);
  return Math.hypot(right, down);
}

const pairs = (values) => values.slice(1).map((value, i) => [values[i], value]);

const meanDistance = (path, other) => mean(path.map((column, row) => Math.abs(column - other[row])));
