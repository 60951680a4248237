/** What Python and NumPy do with a few numbers. */

/**
 * The nearest whole number, of two equally near ones the even one; as Python, NumPy and OpenCV round.
 *
 * @param {number} x
 */
export function round(x) {
  const below = Math.floor(x);
  const rest = x - below;
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
}

/** @param {ArrayLike<number>} values */
export function sum(values) {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** @param {ArrayLike<number>} values at least one */
export const mean = (values) => sum(values) / values.length;

/** @param {ArrayLike<number>} values at least one */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Of levels of which there are so many each, between two of them in proportion.
 *
 * @param {ArrayLike<number>} counts
 * @param {number} share from 0 to 1
 */
export function quantile(counts, share) {
  const place = share * (sum(counts) - 1);
  const at = (index) => {
    let value = 0;
    for (let below = counts[0]; below <= index && value < 255; ) below += counts[++value];
    return value;
  };
  const [before, after] = [at(Math.floor(place)), at(Math.floor(place) + 1)];
  return before + (place - Math.floor(place)) * (after - before);
}

/**
 * The index of the least value, of equal ones the first; -1 if there are none (argmin).
 *
 * @param {ArrayLike<number>} values
 */
export function least(values) {
  let best = values.length ? 0 : -1;
  for (let i = 1; i < values.length; i++) if (values[i] < values[best]) best = i;
  return best;
}

/**
 * Numbers at equal distances, from `first` to `last` (linspace).
 *
 * @param {number} first
 * @param {number} last
 * @param {number} count
 */
export function spread(first, last, count) {
  const step = (last - first) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : first + i * step));
}

/**
 * The value at `x` of straight lines between points of rising places; before the first and after the last, theirs.
 *
 * @param {number} x
 * @param {number[]} places
 * @param {number[]} values
 * @returns {number}
 */
export function interpolate(x, places, values) {
  const after = places.findIndex((place) => place > x);
  if (after <= 0) return values[after ? values.length - 1 : 0];
  const [start, end] = [places[after - 1], places[after]];
  return values[after - 1] + ((values[after] - values[after - 1]) / (end - start)) * (x - start);
}

/**
 * The logarithms of the probabilities that logits stand for, by softmax.
 *
 * @param {any} logits an array of some kind
 * @returns {any} of the same kind
 */
export function logSoftmax(logits) {
  const most = Math.max(...logits);
  const all = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return logits.map((logit) => logit - most - Math.log(all));
}

/**
 * The logarithm of the sum of two numbers whose logarithms these are.
 *
 * @param {number} a
 * @param {number} b
 */
export function logAddExp(a, b) {
  const greater = Math.max(a, b);
  return greater === -Infinity ? greater : greater + Math.log1p(Math.exp(Math.min(a, b) - greater));
}

/**
 * Each value with the one after it.
 *
 * @template T
 * @param {T[]} values
 * @returns {[T, T][]}
 */
export const pairs = (values) => values.slice(1).map((value, i) => [values[i], value]);
