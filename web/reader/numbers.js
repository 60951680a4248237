/** What NumPy does with a few numbers. */

/** The nearest whole number, of two equally near ones the even one; as Python, NumPy and OpenCV round. */
export function round(x) {
  const below = Math.floor(x);
  const rest = x - below;
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
}

/** @param {Iterable<number>} values */
export function sum(values) {
  let total = 0;
  for (const value of values) total += value;
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

/** The index of the least value, of equal ones the first; -1 if there are none (argmin). */
export function least(values) {
  let best = values.length ? 0 : -1;
  for (let i = 1; i < values.length; i++) if (values[i] < values[best]) best = i;
  return best;
}

/** Numbers at equal distances, from `first` to `last` (linspace). */
export function spread(first, last, count) {
  const step = (last - first) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : first + i * step));
}

/** The value at `x` of straight lines between points of rising places; before the first and after the last, theirs. */
export function interpolate(x, places, values) {
  const after = places.findIndex((place) => place > x);
  if (after <= 0) return after ? values.at(-1) : values[0];
  const [start, end] = [places[after - 1], places[after]];
  return values[after - 1] + ((values[after] - values[after - 1]) / (end - start)) * (x - start);
}
