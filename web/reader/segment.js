/** From parts of ink to digits: lines in order, and in each the division into digits that the networks read best. */

import { crop } from "./image.js";
import { Division } from "./division.js";
import { findLines, Line } from "./lines.js";
import { logSoftmax, pairs, round, sum } from "./numbers.js";
import { join, tooDense, trim } from "./parts.js";
import { readRow } from "./row.js";

/** @typedef {import("./network.js").Digit} Digit */
/** @typedef {import("./parts.js").Part} Part */

// If more than this speaks for every digit against the cheapest division, ...
const CLEAR = 0.3; // ... the line is seen as a whole, too;
const LOST = 2; // ... even then, it is cut as the network for rows sees it, ...
const SEEN = 0.3; // ... where that sees every digit with such a probability

// What no page of writing has more of
const MOST_CANDIDATES = 15_000; // what may be a digit, of all lines together
const MOST_HEIGHTS = 20_000; // heights of digits, the length of all its doubtful lines together

/**
 * Divide a page into lines and digits.
 *
 * @param {import("./page.js").Page} page
 * @param {import("./network.js").Network} network
 * @returns {Promise<Digit[][]>} of each line from left to right, lines from top to bottom
 * @throws {Error} if there is so much on the page that it cannot be writing
 */
export async function readLines(page, network) {
  const divisions = [];
  let left = MOST_CANDIDATES;
  for (const parts of findLines(page.parts)) {
    const division = new Division(new Line(parts), left);
    left -= division.candidates.length;
    divisions.push(division);
  }
  await settle(page, divisions, network);
  const doubtful = divisions.filter(isDoubtful);
  if (sum(doubtful.map(({ line }) => line.width / line.height)) > MOST_HEIGHTS) {
    throw tooDense(`${doubtful.length.toLocaleString("en-US")} long lines without clear digits`);
  }
  for (const division of doubtful) division.addRow(await readRow(page, division.line, network.classifyRow));
  await settle(page, doubtful, network);
  return divisions.map((division) => toDigits(page, division)).filter((line) => line.length);
}

/** Let the network see digits until it has seen all in the cheapest division of every line: the others cost more. */
async function settle(page, divisions, network) {
  let open = divisions; // what is known of the others stays so
  while (open.length) {
    const paths = open.map((division) => division.cheapest().path.filter(({ digit }) => !digit));
    const unseen = paths.flat();
    if (!unseen.length) return;
    const digits = await network.look(page, unseen.map(({ part }) => part));
    unseen.forEach((each, i) => each.add(digits[i], each.evidence));
    open = open.filter((_, i) => paths[i].length);
  }
}

function isDoubtful(division) {
  const { path, cost } = division.cheapest();
  return division.pieces.length > 1 && cost > CLEAR * path.length;
}

function toDigits(page, division) {
  const { path, cost } = division.cheapest();
  const seen = division.row?.seen ?? [];
  const isSeen = seen.length && seen.every(({ answer }) => Math.exp(Math.max(...answer)) > SEEN);
  return isSeen && cost > LOST * path.length ? cutAsSeen(page, division.line, seen) : path.map(({ digit }) => digit);
}

/**
 * Cut a line halfway between the digits that the network for rows sees in it.
 *
 * @param {import("./page.js").Page} page
 * @param {Line} line
 * @param {import("./row.js").Seen[]} seen
 * @returns {Digit[]}
 */
function cutAsSeen(page, line, seen) {
  const whole = join(line.parts);
  const inside = (column) => Math.min(Math.max(0, round(column) - whole.x), whole.width);
  const edges = [0, ...pairs(seen).map(([left, right]) => inside((left.right + right.left) / 2)), whole.width];
  return seen.flatMap(({ answer }, i) => {
    const mask = crop(whole.mask, edges[i], 0, edges[i + 1] - edges[i], whole.height);
    if (!mask.data.some(Boolean)) return [];
    const part = /** @type {Part} */ (trim(whole.x + edges[i], whole.y, mask));
    const image = page.image(page.cutOut(part));
    return [{ part, image, answer: logSoftmax(answer), score: Math.exp(Math.max(...answer)), surprise: 0 }];
  });
}
