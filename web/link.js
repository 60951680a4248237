// A link that holds a drawing behind its #, which browsers send to nobody.
import { WIDTH } from "./reader/drawing.js";

const NEAR = 4; // units of the pad: points that lie closer to the last one are left out
const MOST = 5000; // points
const KIND = "#ink=";

/** @typedef {import("./sheet.js").Point} Point */

/**
 * Strokes as the end of a link: whole numbers to base 36, of each stroke the first point and the steps to the others.
 *
 * @param {Point[][]} strokes
 */
export function toFragment(strokes) {
  const texts = strokes.map((stroke) => {
    let [x, y] = [0, 0];
    const numbers = stroke.flatMap((point, i) => {
      const [right, down] = [Math.round(point.x) - x, Math.round(point.y) - y];
      if (i && i < stroke.length - 1 && Math.hypot(right, down) < NEAR) return [];
      [x, y] = [x + right, y + down];
      return [right, down];
    });
    return numbers.map((number) => number.toString(36)).join(".");
  });
  return KIND + texts.join("_");
}

/**
 * The strokes in the end of a link.
 *
 * @param {string} fragment
 * @returns {Point[][] | null} null if it holds none
 * @throws {Error} if they are damaged
 */
export function fromFragment(fragment) {
  if (!fragment.startsWith(KIND)) return null;
  const strokes = fragment.slice(KIND.length).split("_").map((text) => {
    const numbers = text.split(".").map((number) => parseInt(number, 36));
    let [x, y] = [0, 0];
    return Array.from({ length: numbers.length / 2 }, (_, i) => {
      [x, y] = [x + numbers[2 * i], y + numbers[2 * i + 1]];
      return { x, y };
    });
  });
  const isOnPage = ({ x, y }) => Math.abs(x) < 2 * WIDTH && Math.abs(y) < 2 * WIDTH; // NaN is not
  if (strokes.flat().length > MOST || !strokes.every((stroke) => stroke.length && stroke.every(isOnPage))) {
    throw new Error("The drawing in this link is damaged. Ask for the link again.");
  }
  return strokes;
}
