/**
 * Segmenting a text line into digits: the best path through the lattice of the digits that its pieces may form.
 *
 * Source: over-segmentation and a segmentation graph, as in Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based
 * learning applied to document recognition", Proceedings of the IEEE 86(11), 1998, section V.
 */

import { join, tooDense } from "./components.js";
import constants from "./constants.js";
import { center, findSlant } from "./lines.js";
import { logSoftmax, pairs } from "./numbers.js";
import { split } from "./oversegmentation.js";

/** @typedef {import("./components.js").Component} Component */
/** @typedef {import("./oversegmentation.js").Piece} Piece */
/** @typedef {import("./digits.js").Digit} Digit */

/**
 * A run of neighboring pieces that may be a digit.
 *
 * @typedef {object} Candidate
 * @property {number} first its first piece
 * @property {number} last the one after its last
 * @property {Component} component its pieces, joined
 * @property {number} shapeCost what it costs before it is classified
 * @property {Digit | null} digit what it was classified as
 * @property {Float64Array | null} evidence what the line model says of it, if it was run
 */

const { DOUBT } = constants.digits;
const { LOWEST } = constants.lines;
const {
  WIDEST, MOST_PIECES, DIGIT, CROSSED, ENOUGH, JOINED, GAP, WIDE, LOW, REACH, UNREAD, UNREAD_SIZE, TRUST,
} = constants.lattice;

/** The segmentation lattice of a text line: every digit that its pieces may form, and what each costs, in nats. */
export class Lattice {
  #unread;
  /** @type {Candidate[][]} those that end with each piece */
  #byLast;

  /**
   * @param {import("./lines.js").Line} line
   * @param {number} most how many candidates are allowed
   * @throws {Error} if there are more
   */
  constructor(line, most) {
    this.line = line;
    const slant = findSlant(line.components);
    /** @type {Piece[]} from left to right */
    this.pieces = [];
    for (const component of line.components) {
      this.pieces.push(...split(component, line.height, slant));
      if (this.pieces.length > most) throw tooDense("more pieces of ink than any page has");
    }
    this.candidates = candidates(this.pieces, line);
    if (this.candidates.length > most) throw tooDense("more ink that may be digits than any page has");
    this.#byLast = this.pieces.map(() => []);
    for (const each of this.candidates) this.#byLast[each.last - 1].push(each);
    /** @type {import("./text-line.js").LineReading | null} what the line model read in the whole line, if it was run */
    this.lineReading = null;
    this.#unread = this.pieces.map(({ component }) => unreadCost(component, line.height));
  }

  /**
   * Add a candidate that has been classified.
   *
   * @param {Candidate} candidate
   * @param {Digit} digit
   */
  add(candidate, digit) {
    candidate.digit = candidate.evidence ? combine(digit, candidate.evidence) : digit;
  }

  /**
   * Add what the line model read in the whole line, and combine it with every digit.
   *
   * @param {import("./text-line.js").LineReading} reading
   */
  addLine(reading) {
    this.lineReading = reading;
    const ends = between(this.pieces);
    for (const each of this.candidates) {
      each.evidence = reading.digits(ends[each.first], ends[each.last]).map((value) => TRUST * value);
      if (each.digit) this.add(each, each.digit);
    }
    this.#unread = this.#unread.map((cost, i) => cost - TRUST * reading.nothing(ends[i], ends[i + 1]));
  }

  /**
   * Find the best path: the digits and unread ink of the lowest total cost.
   *
   * A candidate that has not been classified yet counts with the lowest cost that it could turn out to have.
   *
   * @returns {{path: Candidate[], cost: number}} the digits from left to right; the cost of the path
   */
  bestPath() {
    const costs = [0];
    /** @type {(Candidate | null)[]} */
    const steps = [null]; // the digit that ends before each piece
    for (const [i, unread] of this.#unread.entries()) {
      const last = i + 1;
      costs[last] = costs[i] + unread;
      steps[last] = null;
      for (const each of this.#byLast[i]) {
        const cost = costs[each.first] + each.shapeCost + costOf(each);
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

/** The cost of a candidate as a digit; a lower bound if it has not been classified. */
function costOf({ digit, evidence }) {
  return digit ? digit.cost : -Math.log(1 + DOUBT) - (evidence ? Math.max(...evidence) : 0);
}

/**
 * All runs of neighboring pieces that may be a digit, joined.
 *
 * @param {Piece[]} pieces
 * @param {import("./lines.js").Line} line
 * @returns {Candidate[]}
 */
function candidates(pieces, line) {
  const found = [];
  const crossed = [...pieces.map((piece) => Math.min(piece.crossed, ENOUGH)), 0];
  for (let first = 0; first < pieces.length; first++) {
    for (let last = first + 1; last <= Math.min(first + MOST_PIECES, pieces.length); last++) {
      const some = pieces.slice(first, last);
      const components = some.map((piece) => piece.component);
      const [left, top] = [Math.min(...components.map(({ x }) => x)), Math.min(...components.map(({ y }) => y))];
      if (Math.max(...components.map(({ right }) => right)) - left > WIDEST * line.height) break;
      const height = Math.max(...components.map(({ bottom }) => bottom)) - top;
      if (height < LOWEST * line.height || areTwo(some, line.height)) continue;
      const component = join(components);
      const cut = (CROSSED * (crossed[first] + crossed[last])) / 2;
      const cost = DIGIT + cut + shapeCost(some, component, line);
      found.push({ first, last, component, shapeCost: cost, digit: null, evidence: null });
    }
  }
  return found;
}

/** The columns that separate neighboring pieces, which may overlap; infinite at both ends of the line. */
function between(pieces) {
  const middles = pairs(pieces).map(([{ component: left }, { component: right }]) =>
    Math.max(center(left), Math.min(center(right), (left.right + right.x) / 2)),
  );
  return [-Infinity, ...middles, Infinity];
}

/**
 * Combine a digit's classification with what the line model says of the same place: of a digit that was taught, only that
 * it is one, and not which, because only the network for single digits is adapted to a hand.
 */
function combine(digit, evidence) {
  const highest = Math.max(...evidence);
  const belief = evidence.map((value, i) => Math.log(digit.score * Math.exp(digit.answer[i]) + DOUBT) + (digit.taught ? highest : value));
  const sure = Math.max(digit.score, Math.exp(highest));
  return { ...digit, answer: logSoftmax(belief), score: sure, cost: -Math.max(...belief) };
}

/** Whether the pieces must be two digits: neighbors that are far apart, or both high and side by side. */
function areTwo(pieces, height) {
  return pairs(pieces).some(([left, right]) => {
    if (right.crossed) return false;
    const gap = right.component.x - left.component.right;
    const areHigh = Math.min(left.component.height, right.component.height) > 0.6 * height;
    return gap > 0.3 * height || (areHigh && -gap < 0.3 * Math.min(left.component.width, right.component.width));
  });
}

/** The cost of a digit's shape and place, and of the gaps between its pieces. */
function shapeCost(pieces, whole, line) {
  let cost = WIDE * Math.max(0, whole.width / whole.height - 1) + LOW * Math.max(0, REACH - line.reach(whole));
  for (const [left, right] of pairs(pieces)) {
    if (!right.crossed) cost += JOINED + GAP * Math.max(0, (right.component.x - left.component.right) / line.height);
  }
  return cost;
}

/** The cost of leaving a piece unread. */
function unreadCost(component, height) {
  return UNREAD + (UNREAD_SIZE * Math.max(component.height, component.width)) / height;
}
