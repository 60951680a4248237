/** Pictures as rasters. */

import constants from "./constants.js";
import { raster } from "./image.js";

/** @typedef {import("./image.js").Raster} Raster */

/** @typedef {{width: number, height: number, data: Uint8ClampedArray | Uint8Array}} Picture red, green, blue and opacity of
 *    each pixel, in rows, such as an ImageData */

const { FLAT } = constants.load;

/**
 * Lay a transparent picture on white; if its visible parts have one color, draw their shape in black instead.
 *
 * @param {Picture} picture
 * @returns {Raster[]} red, green and blue
 */
export function toChannels({ width, height, data }) {
  if (isFlat(data)) {
    const shape = raster(width, height);
    for (let i = 0; i < shape.data.length; i++) shape.data[i] = 255 - data[4 * i + 3];
    return [shape, shape, shape];
  }
  return [0, 1, 2].map((channel) => {
    const levels = raster(width, height);
    for (let i = 0, j = 0; i < levels.data.length; i++, j += 4) {
      const opacity = data[j + 3];
      const mixed = data[j + channel] * opacity + 255 * (255 - opacity) + 128;
      levels.data[i] = ((mixed >> 8) + mixed) >> 8; // divided by 255
    }
    return levels;
  });
}

/**
 * A picture in gray.
 *
 * @param {Raster[]} channels red, green and blue
 * @returns {Raster}
 */
export function toGray([red, green, blue]) {
  const gray = raster(red.width, red.height);
  for (let i = 0; i < gray.data.length; i++) gray.data[i] = brightness(red.data[i], green.data[i], blue.data[i]);
  return gray;
}

/**
 * A drawing in black on white as light ink on dark paper: what is known of it need not be found out.
 *
 * @param {Picture} picture opaque
 * @returns {Raster} gray levels, 0 to 255
 */
export function toLightInk({ width, height, data }) {
  const ink = raster(width, height);
  for (let i = 0; i < ink.data.length; i++) ink.data[i] = 255 - data[4 * i];
  return ink;
}

/** Whether something is transparent, and what is not is of about the same brightness. */
function isFlat(data) {
  let [count, sum, squares] = [0, 0, 0];
  for (let j = 0; j < data.length; j += 4) {
    if (data[j + 3] <= 127) continue;
    const level = brightness(data[j], data[j + 1], data[j + 2]);
    count++;
    sum += level;
    squares += level * level;
  }
  return count < data.length / 4 && (!count || squares / count - (sum / count) ** 2 < FLAT ** 2);
}

/** As ITU-R 601 has it. */
const brightness = (red, green, blue) => (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16;
