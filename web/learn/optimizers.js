// How weights follow their gradients: the rules of tenfold/training/optimization.py.

const EPSILON = 1e-8;

/**
 * @typedef {{optimizer: string, momentum: number, beta2: number}} Rule "sgd", or "momentum" (Nesterov's), or "adam"
 */

/** Updates weights, and keeps the running means that it needs for that. */
export class Optimizer {
  /**
   * @param {Rule} rule
   * @param {number} count of weights
   */
  constructor({ optimizer, momentum, beta2 }, count) {
    this.isAdam = optimizer === "adam";
    this.momentum = optimizer === "sgd" ? 0 : momentum;
    this.beta2 = beta2;
    this.mean = new Float32Array(count); // of the gradient; its velocity, without Adam
    this.square = new Float32Array(this.isAdam ? count : 0);
    this.steps = 0;
  }

  /**
   * Update the weights in place.
   *
   * @param {Float32Array} weights
   * @param {Float32Array} gradient
   * @param {number} rate
   */
  step(weights, gradient, rate) {
    this.steps++;
    if (this.isAdam) this.#adam(weights, gradient, rate);
    else this.#sgd(weights, gradient, rate);
  }

  #sgd(weights, gradient, rate) {
    const { mean, momentum } = this;
    for (let i = 0; i < mean.length; i++) {
      mean[i] = momentum * mean[i] + gradient[i];
      weights[i] -= rate * (gradient[i] + momentum * mean[i]);
    }
  }

  #adam(weights, gradient, rate) {
    const { mean, square, momentum, beta2, steps } = this;
    const [pace, root] = [rate / (1 - momentum ** steps), Math.sqrt(1 - beta2 ** steps)];
    for (let i = 0; i < mean.length; i++) {
      mean[i] += (1 - momentum) * (gradient[i] - mean[i]);
      square[i] = beta2 * square[i] + (1 - beta2) * gradient[i] ** 2;
      weights[i] -= (pace * mean[i]) / (Math.sqrt(square[i]) / root + EPSILON);
    }
  }
}

/**
 * The learning rate at a point of the training, as a share of the highest: it rises, then falls to zero.
 *
 * @param {number} warmup the share of the training in which it rises
 * @param {number} progress the share that is over
 */
export function oneCycle(warmup, progress) {
  return progress < warmup ? 0.04 + (0.96 * progress) / warmup : Math.max(0, 1 - progress) / (1 - warmup);
}
