/** Connected components of a mask, numbered as in OpenCV 5. */

import { raster } from "./image.js";

/** @typedef {import("./image.js").Raster} Raster */

/**
 * Number connected pixels, diagonals included; numbers ascend as the first of them do, in blocks of 2x2, row by row.
 *
 * Pixels in such a block are always connected, so that only blocks need be.
 *
 * @param {Raster} mask
 * @returns {{labels: Raster, count: number}} labels from 1 to before `count`; 0 is paper
 */
export function connect({ width, height, data }) {
  const columns = (width + 1) >> 1;
  const blocks = new Int32Array(columns * ((height + 1) >> 1)); // the number of each block, 0 if it is empty
  const parents = [0]; // of each number the one it is connected with, or itself
  const root = (number) => {
    while (parents[number] !== number) number = parents[number] = parents[parents[number]];
    return number;
  };
  const at = (x, y) => x >= 0 && x < width && y >= 0 && data[y * width + x];
  for (let y = 0, i = 0; y < height; y += 2) {
    const two = y + 1 < height;
    for (let x = 0; x < width; x += 2, i++) {
      const a = data[y * width + x];
      const b = x + 1 < width && data[y * width + x + 1];
      const c = two && data[(y + 1) * width + x];
      const d = two && x + 1 < width && data[(y + 1) * width + x + 1];
      if (!(a || b || c || d)) continue;
      let number = 0;
      const touch = (block) => {
        const other = root(block);
        if (!number) number = other;
        else if (other < number) number = parents[number] = other;
        else parents[other] = number;
      };
      if ((a || c) && (at(x - 1, y) || (two && at(x - 1, y + 1)))) touch(blocks[i - 1]);
      if (a && at(x - 1, y - 1)) touch(blocks[i - columns - 1]);
      if ((a || b) && (at(x, y - 1) || at(x + 1, y - 1))) touch(blocks[i - columns]);
      if (b && at(x + 2, y - 1)) touch(blocks[i - columns + 1]);
      blocks[i] = number || parents.push(parents.length) - 1;
    }
  }
  const final = new Int32Array(parents.length);
  let count = 1;
  for (let number = 1; number < parents.length; number++) {
    final[number] = parents[number] === number ? count++ : final[parents[number]];
  }
  const labels = raster(width, height, new Int32Array(data.length));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) if (data[i]) labels.data[i] = final[blocks[(y >> 1) * columns + (x >> 1)]];
  }
  return { labels, count };
}

/**
 * The box and the number of pixels of each connected component, in the order of their numbers from 1 on.
 *
 * @param {ReturnType<typeof connect>} connected
 */
export function boxes({ labels: { width, height, data }, count }) {
  const found = Array.from({ length: count - 1 }, () => ({ x: width, y: height, right: 0, bottom: 0, area: 0 }));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const label = data[i++];
      if (!label) continue;
      const box = found[label - 1];
      box.x = Math.min(box.x, x);
      box.y = Math.min(box.y, y);
      box.right = Math.max(box.right, x + 1);
      box.bottom = y + 1;
      box.area++;
    }
  }
  return found.map((box, i) => ({ ...box, label: i + 1, width: box.right - box.x, height: box.bottom - box.y }));
}
