// The network that reads single digits, in JavaScript: the same layers as in `deep_cnn` of tenfold.networks, with every
// number on the way. LiteRT gives only the answer.
import constants from "./reader/constants.js";

const { SIDE, CLASSES, MEAN, STD } = constants.form;
const EPSILON = 1e-5; // of BatchNorm, as PyTorch has it
// the number of the convolution and of its BatchNorm among the layers, and what a file of weights does not say
const LAYERS = [
  { convolution: 0, norm: 1, stride: 2, padding: 0, pool: false },
  { convolution: 3, norm: 4, stride: 1, padding: 1, pool: false },
  { convolution: 6, norm: 8, stride: 1, padding: 1, pool: true },
  { convolution: 10, norm: 11, stride: 1, padding: 0, pool: false },
  { convolution: 13, norm: 14, stride: 1, padding: 0, pool: false },
];
const LAST = 17;

/** @typedef {{count: number, side: number, values: Float32Array}} Maps so many squares, one after the other */

/**
 * A convolution with BatchNorm folded in, then the largest of every four if it pools, and no less than 0 (ReLU).
 *
 * @typedef {object} Layer
 * @property {number} inputs maps that it looks at
 * @property {number} outputs maps that it makes, one for each filter
 * @property {number} kernel the side of a filter
 * @property {number} stride
 * @property {number} padding zeros around its inputs
 * @property {boolean} pool
 * @property {Float32Array} weights of each filter, for each input, row by row
 * @property {Float32Array} bias of each filter
 */

/** Reads images of one digit, and remembers every layer's numbers. */
export class Network {
  /** @param {ArrayBuffer} file `reader.safetensors` */
  constructor(file) {
    const tensors = readTensors(file);
    /** @type {Layer[]} */
    this.layers = LAYERS.map((layer, i) => fold(tensors, layer, i === 0));
    this.weights = tensors(`${LAST}.weight`).values; // of each digit, for each number of the last maps
    this.bias = tensors(`${LAST}.bias`).values;
  }

  /**
   * @param {Uint8Array} image 784 pixels
   * @returns {{maps: Maps[], scores: Float32Array}} the image as numbers from 0 to 1 and what each layer made of it; the
   *   scores of the ten digits (logits)
   */
  read(image) {
    /** @type {Maps[]} */
    const maps = [{ count: 1, side: SIDE, values: Float32Array.from(image, (pixel) => pixel / 255) }];
    for (const layer of this.layers) maps.push(apply(layer, maps[maps.length - 1]));
    const { values } = maps[maps.length - 1];
    const scores = this.bias.map((bias, digit) => {
      let sum = bias;
      for (let i = 0; i < values.length; i++) sum += this.weights[digit * values.length + i] * values[i];
      return sum;
    });
    return { maps, scores };
  }
}

/**
 * What a filter adds up at one place: of each input the patch under it, and the sum of their products.
 *
 * @param {Layer} layer
 * @param {Maps} maps its inputs
 * @param {number} filter
 * @param {number} row of its map
 * @param {number} column
 * @returns {{parts: {input: number, patch: Float32Array, weights: Float32Array, sum: number}[], bias: number,
 *   total: number, row: number, column: number}} of the place among four that counts, if it pools; where the patch begins
 */
export function explain(layer, maps, filter, row, column) {
  const { kernel, stride, padding, inputs, pool } = layer;
  const at = (y, x) => {
    const [top, left] = [y * stride - padding, x * stride - padding];
    const parts = Array.from({ length: inputs }, (_, input) => {
      const start = (filter * inputs + input) * kernel ** 2;
      const weights = layer.weights.subarray(start, start + kernel ** 2);
      const patch = weights.map((_, i) => pixel(maps, input, top + Math.floor(i / kernel), left + (i % kernel)));
      return { input, patch, weights, sum: weights.reduce((sum, weight, i) => sum + weight * patch[i], 0) };
    });
    const bias = layer.bias[filter];
    return { parts, bias, total: parts.reduce((sum, part) => sum + part.sum, bias), row: top, column: left };
  };
  if (!pool) return at(row, column);
  const four = [0, 1, 2, 3].map((i) => at(2 * row + (i >> 1), 2 * column + (i % 2)));
  return four.reduce((best, each) => (each.total > best.total ? each : best));
}

/** A number in a map; around it are zeros. */
function pixel({ side, values }, map, y, x) {
  return y >= 0 && y < side && x >= 0 && x < side ? values[(map * side + y) * side + x] : 0;
}

/** @returns {Maps} */
function apply({ inputs, outputs, kernel, stride, padding, pool, weights, bias }, maps) {
  const wide = maps.side + 2 * padding;
  const padded = padding ? pad(maps, padding) : maps.values;
  const side = Math.floor((wide - kernel) / stride) + 1;
  const sums = new Float32Array(outputs * side * side);
  const taps = Int32Array.from({ length: kernel ** 2 }, (_, tap) => Math.floor(tap / kernel) * wide + (tap % kernel));
  for (let output = 0, w = 0, to = 0; output < outputs; output++, to += side * side) {
    sums.fill(bias[output], to, to + side * side);
    for (let input = 0; input < inputs; input++, w += taps.length) {
      for (let row = 0, i = to; row < side; row++) {
        let from = (input * wide + row * stride) * wide;
        for (let column = 0; column < side; column++, i++, from += stride) {
          let sum = 0;
          for (let tap = 0; tap < taps.length; tap++) sum += weights[w + tap] * padded[from + taps[tap]];
          sums[i] += sum;
        }
      }
    }
  }
  const kept = pool ? poolMaps(sums, outputs, side) : sums;
  for (let i = 0; i < kept.length; i++) if (kept[i] < 0) kept[i] = 0;
  return { count: outputs, side: pool ? side >> 1 : side, values: kept };
}

function pad({ count, side, values }, padding) {
  const wide = side + 2 * padding;
  const padded = new Float32Array(count * wide * wide);
  for (let row = 0; row < count * side; row++) {
    const place = (Math.floor(row / side) * wide + (row % side) + padding) * wide + padding;
    padded.set(values.subarray(row * side, (row + 1) * side), place);
  }
  return padded;
}

/** The largest of every four; taken after BatchNorm here, it is the same, as none of its factors is negative. */
function poolMaps(values, count, side) {
  const half = side >> 1;
  const kept = new Float32Array(count * half * half);
  for (let map = 0, i = 0; map < count; map++) {
    for (let y = 0; y < half; y++) {
      for (let x = 0; x < half; x++, i++) {
        const at = (map * side + 2 * y) * side + 2 * x;
        kept[i] = Math.max(values[at], values[at + 1], values[at + side], values[at + side + 1]);
      }
    }
  }
  return kept;
}

/** Put BatchNorm, and before the first layer the standardization of the pixels, into weights and bias. */
function fold(tensors, { convolution, norm, stride, padding, pool }, isFirst) {
  const { shape, values } = tensors(`${convolution}.weight`);
  const [outputs, inputs, kernel] = shape;
  const [scale, shift, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map(
    (name) => tensors(`${norm}.${name}`).values,
  );
  const factor = scale.map((value, i) => value / Math.sqrt(variance[i] + EPSILON));
  const bias = shift.map((value, i) => value - factor[i] * mean[i]);
  const each = values.length / outputs;
  const weights = values.map((weight, i) => factor[Math.floor(i / each)] * weight);
  if (isFirst) {
    weights.forEach((weight, i) => {
      bias[Math.floor(i / each)] -= (weight * MEAN) / STD;
      weights[i] = weight / STD;
    });
  }
  return { inputs, outputs, kernel, stride, padding, pool, weights, bias };
}

/** Tensors of 16 bits in a file, by name. Source of the format: https://huggingface.co/docs/safetensors */
function readTensors(file) {
  const view = new DataView(file);
  const length = view.getUint32(0, true); // of the header, in 8 bytes; the upper four are 0
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  return (name) => {
    const { shape, data_offsets: [start, end] } = header[name];
    const values = new Float32Array((end - start) / 2);
    for (let i = 0; i < values.length; i++) values[i] = toFloat(view.getUint16(8 + length + start + 2 * i, true));
    return { shape, values };
  };
}

/** A number from its 16 bits: sign, exponent, fraction. */
function toFloat(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
}

/**
 * Probabilities of the digits from their scores (softmax).
 *
 * @param {Float32Array} scores
 */
export function toProbabilities(scores) {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export const DIGITS = Array.from({ length: CLASSES }, (_, digit) => digit);
