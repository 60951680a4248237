// Where labels stand beside boxes, so that they cover no writing.

/** @typedef {import("./reading.js").Box} Box */

const SHRINK = [1, 0.75]; // of a label that finds no place at its full size
const GAP = 0.1; // between a label and its box, in heights of the label

/**
 * Find a place for a label beside each box: not over any box or other label, and on the sheet.
 *
 * @param {Box[]} boxes what must stay visible; the first ones have labels
 * @param {{width: number, height: number}[]} labels of the first boxes, as large as they should be
 * @param {{width: number, height: number}} sheet
 * @returns {(Box | null)[]} for each label; null if there is no room for it
 */
export function placeLabels(boxes, labels, sheet) {
  /** @type {Box[]} */
  const placed = [];
  return labels.map((label, i) => {
    for (const shrink of SHRINK) {
      const [width, height] = [shrink * label.width, shrink * label.height];
      const found = around(boxes[i], width, height).find(
        (place) => isOn(place, sheet) && ![...boxes, ...placed].some((other) => overlap(place, other)),
      );
      if (!found) continue;
      placed.push(found);
      return found;
    }
    return null;
  });
}

/** The places around a box, the best first. */
function around(box, width, height) {
  const gap = GAP * height;
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  const [above, below] = [box.y - height - gap, bottom + gap];
  const columns = [box.x, box.x + (box.width - width) / 2, right - width];
  const beside = [box.y, bottom - height].flatMap((y) => [right + gap, box.x - width - gap].map((x) => ({ x, y })));
  const places = [...columns.map((x) => ({ x, y: above })), ...beside, ...columns.map((x) => ({ x, y: below }))];
  return places.map((place) => ({ ...place, width, height }));
}

const isOn = ({ x, y, width, height }, sheet) =>
  x >= 0 && y >= 0 && x + width <= sheet.width && y + height <= sheet.height;

const overlap = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
