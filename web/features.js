// The first layer of the network: what each of its filters finds in an image.
import constants from "./reader/constants.js";

const { SIDE } = constants.form;

/** A convolution of images of 28×28 with BatchNorm and ReLU, as the network computes it before rounding to 8 bits. */
export class FirstLayer {
  /**
   * @param {{kernel: number, stride: number, weights: number[][], bias: number[]}} layer normalization and BatchNorm
   *   are folded into weights and bias, so that it takes pixels of 0 to 255
   */
  constructor({ kernel, stride, weights, bias }) {
    this.kernel = kernel;
    this.stride = stride;
    this.weights = weights;
    this.bias = bias;
    this.side = Math.floor((SIDE - kernel) / stride) + 1;
  }

  /**
   * @param {Uint8Array} image 784 pixels
   * @returns {Float32Array[]} a map of `side` times `side` values for each filter
   */
  apply(image) {
    return this.weights.map((filter, index) => this.#convolve(image, filter, this.bias[index]));
  }

  #convolve(image, filter, bias) {
    const map = new Float32Array(this.side ** 2);
    for (let row = 0; row < this.side; row++) {
      for (let column = 0; column < this.side; column++) {
        let sum = bias;
        for (let i = 0; i < filter.length; i++) {
          const y = row * this.stride + Math.floor(i / this.kernel);
          const x = column * this.stride + (i % this.kernel);
          sum += filter[i] * image[y * SIDE + x];
        }
        map[row * this.side + column] = Math.max(0, sum);
      }
    }
    return map;
  }
}

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
