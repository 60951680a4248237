/**
 * Show values as gray levels, 0 as black and the largest as white.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values of a square
 * @param {number} largest
 */
export function paintGray(canvas, values, largest) {
  const side = Math.sqrt(values.length);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const pixels = new ImageData(side, side);
  for (let i = 0; i < values.length; i++) {
    pixels.data.fill(largest ? (255 * values[i]) / largest : 0, 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
}
