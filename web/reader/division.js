/**
 * The division of a line into digits: the cheapest path through the graph of what its pieces may be.
 *
 * Source: over-segmentation, as in Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
 * document recognition", Proceedings of the IEEE 86(11), 1998, section V.
 */

import { split } from "./cuts.js";
import { center, findSlant, LOWEST } from "./lines.js";
import { DOUBT } from "./network.js";
import { logSoftmax, pairs } from "./numbers.js";
import { join, tooDense } from "./parts.js";

/** @typedef {import("./parts.js").Part} Part */
/** @typedef {import("./cuts.js").Piece} Piece */
/** @typedef {import("./network.js").Digit} Digit */

const WIDEST = 1.5; // heights of a line; no digit is wider
const MOST_PIECES = 6; // of one digit

// What speaks against a division, in the unit of the network's own surprise, the negative logarithm of a probability.
const DIGIT = 0.1; // every digit
const [CROSSED, ENOUGH] = [0.5, 2]; // every stroke width that a cut crosses, up to two
const JOINED = 0.3; // every two pieces of a digit that do not touch
const GAP = 3; // the gap between them, in heights of the line
const WIDE = 3; // a digit's width beyond its height, in heights
const [LOW, REACH] = [10, 0.6]; // what the top of a digit lacks to this height above the foot of the line, in heights of it
const UNREAD = 1; // ink that belongs to no digit, ...
const UNREAD_SIZE = 2; // ... and its size, in heights of the line

/** A run of pieces that may be a digit. */
class Candidate {
  /**
   * @param {number} first its first piece
   * @param {number} last the one after its last
   * @param {Part} part
   * @param {number} against what speaks against it before the network has seen it
   */
  constructor(first, last, part, against) {
    this.first = first;
    this.last = last;
    this.part = part;
    this.against = against;
    /** @type {Digit | null} what the network saw */
    this.digit = null;
    /** @type {number[] | null} what the line as a whole tells of it, if it was seen */
    this.evidence = null;
  }

  /** How much it surprises; what the network has not seen, at least. */
  get surprise() {
    return this.digit ? this.digit.surprise : -Math.log(1 + DOUBT) - (this.evidence ? Math.max(...this.evidence) : 0);
  }

  /** Take what the network saw, and what the line tells. */
  add(digit, evidence) {
    this.evidence = evidence;
    this.digit = digit && evidence ? amongNeighbors(digit, evidence) : digit;
  }
}

/** A line on its way from pieces of ink to digits. */
export class Division {
  #unread;
  /** @type {Candidate[][]} those that end with each piece */
  #byLast;

  /**
   * @param {import("./lines.js").Line} line
   * @param {number} most how many runs of pieces may be a digit
   * @throws {Error} if there are more
   */
  constructor(line, most) {
    this.line = line;
    const slant = findSlant(line.parts);
    /** @type {Piece[]} from left to right */
    this.pieces = [];
    for (const part of line.parts) {
      this.pieces.push(...split(part, line.height, slant));
      if (this.pieces.length > most) throw tooDense("more pieces of ink than any page has");
    }
    this.candidates = findCandidates(this.pieces, line);
    if (this.candidates.length > most) throw tooDense("more ink that may be digits than any page has");
    this.#byLast = this.pieces.map(() => []);
    for (const each of this.candidates) this.#byLast[each.last - 1].push(each);
    /** @type {import("./row.js").RowReading | null} the line as a whole, if it was seen */
    this.row = null;
    this.#unread = this.pieces.map(({ part }) => unread(part, line.height));
  }

  /** Take what the line as a whole tells. */
  addRow(row) {
    this.row = row;
    const ends = between(this.pieces);
    for (const each of this.candidates) each.add(each.digit, row.digits(ends[each.first], ends[each.last]));
    this.#unread = this.#unread.map((cost, i) => cost - row.nothing(ends[i], ends[i + 1]));
  }

  /**
   * The division into digits and unread ink that may surprise least, if what the network has not seen is certain.
   *
   * @returns {{path: Candidate[], cost: number}} from left to right; how much speaks against the division
   */
  cheapest() {
    const costs = [0];
    /** @type {(Candidate | null)[]} */
    const steps = [null]; // the digit that ends before each piece
    for (const [i, unread] of this.#unread.entries()) {
      const last = i + 1;
      costs[last] = costs[i] + unread;
      steps[last] = null;
      for (const each of this.#byLast[i]) {
        const cost = costs[each.first] + each.against + each.surprise;
        if (cost < costs[last]) [costs[last], steps[last]] = [cost, each];
      }
    }
    const path = [];
    for (let last = this.pieces.length; last; last = steps[last]?.first ?? last - 1) {
      if (steps[last]) path.unshift(steps[last]);
    }
    return { path, cost: costs[costs.length - 1] };
  }
}

/**
 * All runs of pieces that might be a digit.
 *
 * @param {Piece[]} pieces
 * @param {import("./lines.js").Line} line
 * @returns {Candidate[]}
 */
function findCandidates(pieces, line) {
  const found = [];
  const crossed = [...pieces.map((piece) => Math.min(piece.crossed, ENOUGH)), 0];
  for (let first = 0; first < pieces.length; first++) {
    for (let last = first + 1; last <= Math.min(first + MOST_PIECES, pieces.length); last++) {
      const some = pieces.slice(first, last);
      const parts = some.map((piece) => piece.part);
      const [left, top] = [Math.min(...parts.map(({ x }) => x)), Math.min(...parts.map(({ y }) => y))];
      if (Math.max(...parts.map(({ right }) => right)) - left > WIDEST * line.height) break;
      const height = Math.max(...parts.map(({ bottom }) => bottom)) - top;
      if (height < LOWEST * line.height || areTwo(some, line.height)) continue;
      const part = join(parts);
      const cut = (CROSSED * (crossed[first] + crossed[last])) / 2;
      found.push(new Candidate(first, last, part, DIGIT + cut + unlikely(some, part, line)));
    }
  }
  return found;
}

/** The column at which each piece begins, and the one at which the last ends; neighbors may overlap. */
function between(pieces) {
  const middles = pairs(pieces).map(([{ part: left }, { part: right }]) =>
    Math.max(center(left), Math.min(center(right), (left.right + right.x) / 2)),
  );
  return [-Infinity, ...middles, Infinity];
}

/** What both networks say together. */
function amongNeighbors(digit, seen) {
  const belief = seen.map((value, i) => Math.log(digit.score * Math.exp(digit.answer[i]) + DOUBT) + value);
  const sure = Math.max(digit.score, Math.exp(Math.max(...seen)));
  return { ...digit, answer: logSoftmax(belief), score: sure, surprise: -Math.max(...belief) };
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
