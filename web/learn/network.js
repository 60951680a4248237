// The network that learns, with its gradients: the same layers as `cnn` in tenfold/networks.
import constants from "../reader/constants.js";
import { Random } from "./random.js";

const { SIDE, CLASSES } = constants.form;
const KERNEL = 5; // side of the first layer's filters, which move by 2 pixels
const PATCH = 28; // their 25 pixels, and zeros up to a multiple of 4
const STEM_SIDE = 12; // of the first layer's feature maps
const SCORES = 16; // the ten of the digits, and zeros up to a multiple of 8
const EPSILON = 1e-5; // of BatchNorm
const ACTIVATIONS = ["relu", "sigmoid", "tanh"]; // their numbers in kernels.ts
const FLOAT = 4; // bytes

/** @typedef {{stem: number, width: number, activation: string, dropout: number}} Options channels are multiples of 8 */

// a module with a function that multiplies and adds at once
const MADD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[10, 20, 1, 18, 0, 65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 26, 11],
);

/** Whether the browser can do that: it has relaxed SIMD. */
export const isRelaxed = globalThis.WebAssembly?.validate(MADD);

/** Compile the kernels that this browser can run. */
export async function loadKernels() {
  const name = isRelaxed ? "kernels-relaxed.wasm" : "kernels.wasm";
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Four convolutions with BatchNorm and an activation, one of them with pooling; Dropout; a linear layer. */
export class Network {
  /**
   * @param {WebAssembly.Module} kernels
   * @param {Options} options
   * @param {number} batch images at a time, a multiple of 4
   * @param {number} seed of the initial weights and of Dropout
   */
  constructor(kernels, { stem, width, activation, dropout }, batch, seed) {
    const instance = new WebAssembly.Instance(kernels, { env: { abort: () => {} } });
    this.kernels = /** @type {Record<string, any>} */ (instance.exports);
    this.batch = batch;
    this.activation = ACTIVATIONS.indexOf(activation);
    this.dropout = dropout;
    this.random = new Random(seed);
    const double = 2 * width;
    const blocks = [
      { side: STEM_SIDE, rows: 1, length: PATCH, fan: KERNEL ** 2, inSide: STEM_SIDE, channels: stem, pooled: false, pad: 0 },
      { side: 10, rows: 3, length: 3 * stem, fan: 9 * stem, inSide: 12, channels: width, pooled: true, pad: 1 },
      { side: 5, rows: 3, length: 3 * width, fan: 9 * width, inSide: 7, channels: double, pooled: false, pad: 0 },
      { side: 3, rows: 3, length: 3 * double, fan: 9 * double, inSide: 5, channels: double, pooled: false, pad: 0 },
    ];
    this.features = 9 * double;
    // parameters, then the running means and variances; gradients, then those of the batch, lie in the same order
    this.parameterCount =
      blocks.reduce((sum, { rows, length, channels }) => sum + rows * length * channels + 2 * channels, 0) +
      (this.features + 1) * SCORES;
    this.stateCount = this.parameterCount + blocks.reduce((sum, { channels }) => sum + 2 * channels, 0);
    this.end = 1 << 16; // what the kernels keep for themselves lies below
    const state = this.#allocate(this.stateCount);
    const change = this.#allocate(this.stateCount);
    let [parameter, moment] = [0, this.parameterCount];
    const take = (count) => {
      parameter += count;
      return { value: state + FLOAT * (parameter - count), gradient: change + FLOAT * (parameter - count), count };
    };

    this.input = this.#allocate(batch * STEM_SIDE ** 2 * PATCH);
    let [x, dx, inChannels] = [this.input, 0, PATCH];
    this.blocks = blocks.map((block) => {
      const { side, rows, length, inSide, channels, pooled, pad } = block;
      const pixels = batch * side ** 2;
      const outSide = pooled ? side / 2 : side;
      const paddedSide = outSide + 2 * pad;
      const [weights, gamma, beta] = [take(rows * length * channels), take(channels), take(channels)];
      const y = this.#allocate(pixels * channels);
      const dy = this.#allocate(pixels * channels);
      const made = {
        ...block, x, dx, weights, gamma, beta, y, dy, outSide,
        pitch: FLOAT * inSide * inChannels,
        xCount: batch * inSide ** 2 * inChannels,
        offsets: this.#tabulate(side, inSide, inChannels, 0),
        transposed: this.#allocate(rows * length * channels),
        z: pooled ? this.#allocate((pixels / 4) * channels) : y,
        dz: pooled ? this.#allocate((pixels / 4) * channels) : dy,
        scale: this.#allocate(channels),
        shift: this.#allocate(channels),
        inverse: this.#allocate(channels),
        mean: change + FLOAT * moment,
        running: state + FLOAT * moment,
        out: this.#allocate(batch * paddedSide ** 2 * channels),
        dout: this.#allocate(batch * paddedSide ** 2 * channels),
        places: this.#tabulate(outSide, paddedSide, channels, pad),
        chunk: side ** 2 * (side > 5 ? 4 : 16), // images that stay in the processor's first cache
      };
      moment += 2 * channels;
      [x, dx, inChannels] = [made.out, made.dout, channels];
      return made;
    });
    const last = this.blocks[3];
    this.linear = {
      weights: take(this.features * SCORES),
      bias: take(SCORES),
      x: this.#allocate(batch * this.features),
      dx: last.dout,
      transposed: this.#allocate(this.features * SCORES),
      offsets: this.#tabulate(1, 1, this.features, 0),
      scores: this.#allocate(batch * SCORES),
      dscores: this.#allocate(batch * SCORES),
    };
    const missing = this.end - this.kernels.memory.buffer.byteLength;
    if (missing > 0) this.kernels.memory.grow(Math.ceil(missing / 65536));
    this.memory = new Float32Array(this.kernels.memory.buffer);
    const words = new Uint32Array(this.kernels.memory.buffer);
    for (const { at, table } of this.tables) words.set(table, at / FLOAT);
    this.state = this.#view(state, this.stateCount);
    this.weights = this.#view(state, this.parameterCount);
    this.change = this.#view(change, this.stateCount);
    this.mask = new Float32Array(batch * this.features);
    this.#initialize();
  }

  /** @type {{at: number, table: Uint32Array}[]} */
  tables = [];

  #allocate(count) {
    const at = this.end;
    this.end += FLOAT * Math.ceil(count / 16) * 16; // in whole lines of the cache
    return at;
  }

  /** Where, in bytes, each pixel of a square begins inside larger squares, for all images of a batch. */
  #tabulate(side, inSide, channels, pad) {
    const table = new Uint32Array(this.batch * side ** 2);
    for (let i = 0, image = 0; image < this.batch; image++) {
      for (let row = pad; row < side + pad; row++) {
        for (let column = pad; column < side + pad; column++) {
          table[i++] = FLOAT * channels * ((image * inSide + row) * inSide + column);
        }
      }
    }
    const at = this.#allocate(table.length);
    this.tables.push({ at, table });
    return at;
  }

  #view(at, count) {
    return this.memory.subarray(at / FLOAT, at / FLOAT + count);
  }

  /** Weights as PyTorch draws them: uniform, up to 1 over the root of the number of inputs. */
  #initialize() {
    const draw = (to, fan, isUsed) => {
      const limit = 1 / Math.sqrt(fan);
      for (let i = 0; i < to.length; i++) to[i] = isUsed(i) ? limit * (2 * this.random.next() - 1) : 0;
    };
    for (const { weights, gamma, running, channels, fan } of this.blocks) {
      draw(this.#view(weights.value, weights.count), fan, (i) => i < fan * channels);
      this.#view(gamma.value, channels).fill(1);
      this.#view(running, 2 * channels).fill(0, 0, channels).fill(1, channels);
    }
    const { weights, bias } = this.linear;
    const isDigit = (i) => i % SCORES < CLASSES;
    draw(this.#view(weights.value, weights.count), this.features, isDigit);
    draw(this.#view(bias.value, SCORES), this.features, isDigit);
  }

  /**
   * Show the network an image, standardized, in the place of one of the batch.
   *
   * @param {Float32Array} image 784 numbers
   * @param {number} index
   */
  show(image, index) {
    let to = this.input / FLOAT + index * STEM_SIDE ** 2 * PATCH;
    for (let row = 0; row < STEM_SIDE; row++) {
      for (let column = 0; column < STEM_SIDE; column++, to += PATCH) {
        for (let y = 0, i = to; y < KERNEL; y++) {
          const from = (2 * row + y) * SIDE + 2 * column;
          for (let x = 0; x < KERNEL; x++) this.memory[i++] = image[from + x];
        }
      }
    }
  }

  /**
   * Scores of the images shown: ten for each, at intervals of 16.
   *
   * @param {boolean} isTraining whether BatchNorm takes mean and variance from the batch, and Dropout drops
   */
  forward(isTraining) {
    const { kernels, batch } = this;
    for (const block of this.blocks) {
      const { x, offsets, side, rows, length, pitch, weights, channels, y, z, out, places, mean, running } = block;
      const pixels = batch * block.outSide ** 2;
      kernels.convolve(x, offsets, batch * side ** 2, rows, length, pitch, weights.value, channels, y);
      if (block.pooled) kernels.pool(y, batch, side, channels, z);
      if (isTraining) kernels.moments(z, pixels, channels, mean, mean + FLOAT * channels);
      this.#fold(block, isTraining ? mean : running);
      kernels.activate(z, pixels, channels, block.scale, block.shift, this.activation, out, places);
    }
    const { x, offsets, weights, bias, scores } = this.linear;
    const [from, to] = [this.#view(this.blocks[3].out, batch * this.features), this.#view(x, batch * this.features)];
    if (isTraining && this.dropout) {
      for (let i = 0; i < to.length; i++) {
        this.mask[i] = this.random.next() < this.dropout ? 0 : 1 / (1 - this.dropout);
        to[i] = from[i] * this.mask[i];
      }
    } else to.set(from);
    kernels.convolve(x, offsets, batch, 1, this.features, 0, weights.value, SCORES, scores);
    const [all, added] = [this.#view(scores, batch * SCORES), this.#view(bias.value, SCORES)];
    for (let i = 0; i < all.length; i++) all[i] += added[i % SCORES];
    return all;
  }

  /** BatchNorm as one factor and one summand for each channel. */
  #fold({ channels, gamma, beta, scale, shift, inverse }, mean) {
    const { memory } = this;
    const [m, g, b, s, t, r] = [mean, gamma.value, beta.value, scale, shift, inverse].map((at) => at / FLOAT);
    for (let n = 0; n < channels; n++) {
      memory[r + n] = 1 / Math.sqrt(memory[m + channels + n] + EPSILON);
      memory[s + n] = memory[g + n] * memory[r + n];
      memory[t + n] = memory[b + n] - memory[m + n] * memory[s + n];
    }
  }

  /**
   * Probabilities of the digits for some of the images shown.
   *
   * @param {number} count
   */
  predict(count) {
    const scores = this.forward(false);
    const probabilities = new Float32Array(count * CLASSES);
    for (let image = 0; image < count; image++) {
      probabilities.set(softmax(scores.subarray(image * SCORES, image * SCORES + CLASSES)), image * CLASSES);
    }
    return probabilities;
  }

  /**
   * Gradients of the mean loss of the images shown, into `change`.
   *
   * @param {ArrayLike<number>} labels of the batch
   * @param {number} smoothing the share of the target that is spread over all digits
   * @returns {{loss: number, correct: number}} mean cross-entropy without smoothing, and how many answers were right
   */
  backward(labels, smoothing) {
    const { kernels, batch, linear } = this;
    const scores = this.forward(true);
    const dscores = this.#view(linear.dscores, batch * SCORES);
    const dbias = this.#view(linear.bias.gradient, SCORES).fill(0);
    let [loss, correct] = [0, 0];
    for (let image = 0; image < batch; image++) {
      const at = image * SCORES;
      const probabilities = softmax(scores.subarray(at, at + CLASSES));
      const label = labels[image];
      loss -= Math.log(Math.max(probabilities[label], 1e-30)) / batch; // NaN stays NaN
      correct += Number(probabilities.every((p) => p <= probabilities[label]));
      for (let digit = 0; digit < CLASSES; digit++) {
        const target = smoothing / CLASSES + (digit === label ? 1 - smoothing : 0);
        dscores[at + digit] = (probabilities[digit] - target) / batch;
        dbias[digit] += dscores[at + digit];
      }
    }
    const { x, offsets, weights, transposed, dx } = linear;
    kernels.correlate(x, offsets, batch, 1, this.features, 0, linear.dscores, SCORES, weights.gradient, batch);
    this.#transpose(weights.value, transposed, this.features, SCORES);
    const dfeatures = this.#view(dx, batch * this.features).fill(0);
    kernels.spread(linear.dscores, offsets, batch, 1, this.features, 0, transposed, SCORES, dx, batch);
    if (this.dropout) for (let i = 0; i < dfeatures.length; i++) dfeatures[i] *= this.mask[i];
    for (const block of this.blocks.toReversed()) this.#backward(block);
    return { loss, correct };
  }

  #backward(block) {
    const { kernels, batch } = this;
    const { x, dx, y, dy, z, dz, offsets, places, side, rows, length, pitch, channels, weights, chunk, transposed } = block;
    const [pixels, pixelsOut] = [batch * side ** 2, batch * block.outSide ** 2];
    const { mean, inverse, scale, gamma, beta } = block;
    kernels.normalizeBackward(
      ...[z, pixelsOut, channels, mean, inverse, scale, this.activation, block.out, block.dout, places],
      ...[gamma.gradient, beta.gradient, dz],
    );
    if (block.pooled) kernels.unpool(y, batch, side, channels, z, dz, dy);
    kernels.correlate(x, offsets, pixels, rows, length, pitch, dy, channels, weights.gradient, chunk);
    if (!dx) return; // nothing is learned below the first layer
    this.#transpose(weights.value, transposed, rows * length, channels);
    this.#view(dx, block.xCount).fill(0);
    kernels.spread(dy, offsets, pixels, rows, length, pitch, transposed, channels, dx, chunk);
  }

  #transpose(from, to, rows, columns) {
    const { memory } = this;
    [from, to] = [from / FLOAT, to / FLOAT];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) memory[to + column * rows + row] = memory[from++];
    }
  }

  /** Weights and running means, apart from the memory, all of which a message would copy. */
  copyState() {
    return this.state.slice();
  }

  /** The first layer's filters, each of 25 weights. */
  get filters() {
    const { weights, channels } = this.blocks[0];
    const values = this.#view(weights.value, weights.count);
    return Array.from({ length: channels }, (_, n) =>
      Float32Array.from({ length: KERNEL ** 2 }, (_, i) => values[i * channels + n]),
    );
  }
}

/** @param {Float32Array} scores */
function softmax(scores) {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
