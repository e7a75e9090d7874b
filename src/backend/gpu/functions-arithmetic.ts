/**
 * Extremes, rounding, quotients and remainders, in the language of gpu.js.
 *
 * Layer: backend. Part of functions.ts, which says what holds for all.
 */
import { type Helpers, helper } from './helper.ts'

/** Functions of floats. */
export const arithmetic: Helpers = {
  maximum: helper('function maximum(x, y) { return x !== x ? x : (y !== y ? y : Math.max(x, y)); }'),
  minimum: helper('function minimum(x, y) { return x !== x ? x : (y !== y ? y : Math.min(x, y)); }'),
  signOf: helper('function signOf(x) { return x > 0 ? 1 : (x < 0 ? -1 : x); }'),
  roundEven: helper(`
function roundEven(x) {
  const f = Math.floor(x);
  const gap = x - f;
  const odd = f - 2 * Math.floor(f * 0.5);
  const up = gap > 0.5 ? f + 1 : (gap < 0.5 ? f : f + odd);
  const size = Math.abs(up);
  return Math.abs(x) < 8388608 ? (x < 0 ? -size : (x > 0 ? size : x)) : x;
}`),
  powerOfTwo: helper(`
function powerOfTwo(n) {
  const m = Math.abs(n);
  const a = 1 << (m & 15);
  const b = (m & 16) !== 0 ? a * 65536 : a;
  const c = (m & 32) !== 0 ? b * 4294967296 : b;
  const d = (m & 64) !== 0 ? c * 18446744073709552000 : c;
  const e = (m & 128) !== 0 ? d * 18446744073709552000 * 18446744073709552000 : d;
  return n < 0 ? 1 / e : e;
}`),
  // The product of quotient and divisor in parts of 12 bits, which float32 multiplies exactly (T. J. Dekker, 1971).
  remainder: helper(`
function remainder(x, y) {
  const q0 = x / y;
  const q = q0 < 0 ? Math.ceil(q0) : Math.floor(q0);
  const qs = 4097 * q;
  const qh = qs - (qs - q);
  const ys = 4097 * y;
  const yh = ys - (ys - y);
  const r = (((x - qh * yh) - qh * (y - yh)) - (q - qh) * yh) - (q - qh) * (y - yh);
  const low = r * x < 0 ? (r * y < 0 ? r + y : r - y) : r;
  const high = Math.abs(low) < Math.abs(y) ? low : (low * y < 0 ? low + y : low - y);
  const v = Math.abs(x) < Math.abs(y) ? x : (high === 0 ? 0 * x : high);
  return y === 0 ? q0 - q0 : v;
}`),
  modulo: helper(
    `
function modulo(x, y) {
  const r = remainder(x, y);
  const v = r * y < 0 ? r + y : r;
  return r === 0 ? (y < 0 ? -0.0 : 0) : v;
}`,
    'remainder',
  ),
  floorQuotient: helper(
    `
function floorQuotient(x, y) {
  const r = remainder(x, y);
  const q = (x - r) / y;
  const v = Math.floor((r * y < 0 ? q - 1 : q) + 0.5);
  return y === 0 ? x / y : (v === 0 ? (x / y < 0 ? -0.0 : 0) : v);
}`,
    'remainder',
  ),
}
