/** From connected components to digits: text lines in order, and in each the best path through its lattice. */

import { join, tooDense, trim } from "./components.js";
import constants from "./constants.js";
import { crop } from "./image.js";
import { Lattice } from "./lattice.js";
import { findLines, Line } from "./lines.js";
import { logSoftmax, pairs, round, sum } from "./numbers.js";
import { readLine } from "./text-line.js";

/** @typedef {import("./digits.js").Digit} Digit */
/** @typedef {import("./components.js").Component} Component */
/** @typedef {import("./lattice.js").Candidate} Candidate */

const { CLEAR, LOST, PROBABLE, SEVERAL, UPRIGHT, USUAL, MOST_CANDIDATES, MOST_HEIGHTS } = constants.segment;
const [FEWEST, MOST] = SEVERAL;

/**
 * Segment a page into lines and digits.
 *
 * @param {import("./page.js").Page} page
 * @param {import("./digits.js").Classifier} classifier
 * @returns {Promise<Digit[][]>} of each line from left to right, lines from top to bottom
 * @throws {Error} if there is so much on the page that it cannot be writing
 */
export async function readLines(page, classifier) {
  const lattices = [];
  let left = MOST_CANDIDATES;
  for (const components of findLines(page.components)) {
    const lattice = new Lattice(new Line(components), left);
    left -= lattice.candidates.length;
    lattices.push(lattice);
  }
  await settle(page, lattices, classifier);
  const doubtful = lattices.filter(isDoubtful);
  if (sum(doubtful.map(({ line }) => line.width / line.height)) > MOST_HEIGHTS) {
    throw tooDense(`${doubtful.length.toLocaleString("en-US")} long lines without clear digits`);
  }
  for (const lattice of doubtful) lattice.addLine(await readLine(page, lattice.line, classifier.classifyLine));
  await settle(page, doubtful, classifier);
  return lattices.map((lattice) => toDigits(page, lattice)).filter((line) => line.length);
}

/** How certain it is that what was found are digits, from 0 to 1: the mean of their scores; 0 if there are none. */
function certainty(lines) {
  const scores = lines.flat().map(({ score }) => score);
  return scores.length ? sum(scores) / scores.length : 0;
}

/** How certain the digits of a page are, less what a turned page must gain: most pages are upright. */
export const preference = (page, lines) => certainty(lines) - (page.turned ? USUAL : 0);

/** Whether a page should also be read from its other sides: it has several components, few of them like digits. */
export function looksTurned(page, lines) {
  const count = page.components.length;
  return count >= FEWEST && count <= MOST && certainty(lines) < UPRIGHT;
}

/** Classify candidates until all those on the best path of every line are classified: the other paths cost more. */
async function settle(page, lattices, classifier) {
  let open = lattices; // the best paths of the others are final
  while (open.length) {
    /** @type {[Lattice, Candidate][]} */
    const unclassified = open.flatMap((lattice) => {
      return lattice.bestPath().path.filter(({ digit }) => !digit).map((each) => [lattice, each]);
    });
    if (!unclassified.length) return;
    const digits = await classifier.classify(page, unclassified.map(([, { component }]) => component));
    unclassified.forEach(([lattice, each], i) => lattice.add(each, digits[i]));
    open = [...new Set(unclassified.map(([lattice]) => lattice))];
  }
}

function isDoubtful(lattice) {
  const { path, cost } = lattice.bestPath();
  return lattice.pieces.length > 1 && cost > CLEAR * path.length;
}

function toDigits(page, lattice) {
  const { path, cost } = lattice.bestPath();
  const found = lattice.lineReading?.seen ?? [];
  const areProbable = found.length && found.every(({ answer }) => Math.exp(Math.max(...answer)) > PROBABLE);
  return areProbable && cost > LOST * path.length
    ? cutBetween(page, lattice.line, found)
    : path.map(({ digit }) => digit);
}

/**
 * Cut a line halfway between the digits that the line model finds in it.
 *
 * @param {import("./page.js").Page} page
 * @param {Line} line
 * @param {import("./text-line.js").LineDigit[]} found
 * @returns {Digit[]}
 */
function cutBetween(page, line, found) {
  const whole = join(line.components);
  const inside = (column) => Math.min(Math.max(0, round(column) - whole.x), whole.width);
  const edges = [0, ...pairs(found).map(([left, right]) => inside((left.right + right.left) / 2)), whole.width];
  return found.flatMap(({ answer }, i) => {
    const mask = crop(whole.mask, edges[i], 0, edges[i + 1] - edges[i], whole.height);
    if (!mask.data.some(Boolean)) return [];
    const component = /** @type {Component} */ (trim(whole.x + edges[i], whole.y, mask));
    const image = page.image(page.cutOut(component));
    return [{ component, image, answer: logSoftmax(answer), score: Math.exp(Math.max(...answer)), cost: 0 }];
  });
}
