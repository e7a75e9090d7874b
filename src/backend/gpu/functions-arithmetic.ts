/**
 * Extremes, rounding, quotients and remainders, in the language of gpu.js.
 *
 * Layer: backend. Part of functions.ts, which says what holds for all.
 */
import { type Helpers, helper, nativeHelper } from './helper.ts'

const DIGITS = [6, 5, 4, 3, 2, 1, 0] as const

/** The factor of one binary digit of a power, and what is left of the power. */
const digitText = (i: number): string => {
  const rest = i === 0 ? '' : `\n  const m${i - 1} = m${i} >= ${2 ** i} ? m${i} - ${2 ** i} : m${i};`
  return `  const p${i} = m${i} >= ${2 ** i} ? (n < 0 ? ${2 ** -(2 ** i)} : ${2 ** (2 ** i)}) : 1.0;${rest}`
}

/** Functions of floats. */
export const arithmetic: Helpers = {
  maximum: helper(`
function maximum(x, y, infinity) {
  return Math.abs(x) <= infinity ? (Math.abs(y) <= infinity ? Math.max(x, y) : y) : x;
}`),
  minimum: helper(`
function minimum(x, y, infinity) {
  return Math.abs(x) <= infinity ? (Math.abs(y) <= infinity ? Math.min(x, y) : y) : x;
}`),
  signOf: helper('function signOf(x) { return x > 0 ? 1 : (x < 0 ? -1 : x); }'),
  roundHalfEven: helper(`
function roundHalfEven(x) {
  const f = Math.floor(x);
  const gap = x - f;
  const odd = f - 2 * Math.floor(f * 0.5);
  const up = gap > 0.5 ? f + 1 : (gap < 0.5 ? f : f + odd);
  const size = Math.abs(up);
  return Math.abs(x) < 8388608 ? (x < 0 ? -size : (x > 0 ? size : x)) : x;
}`),
  // A whole power between -127 and 127, as the product of those that its binary digits stand for: shaders divide inexactly.
  powerOfTwo: nativeHelper(
    `
function powerOfTwo(n) {
  const m6 = Math.abs(n);
${DIGITS.map(digitText).join('\n')}
  return p6 * p5 * p4 * p3 * p2 * p1 * p0;
}`,
    // Its exponent is all that is not 0 in a normal float; 2^-127 is none.
    `float powerOfTwo(float n) { return n < -126.0 ? ${2 ** -127} : intBitsToFloat((int(n) + 127) << 23); }`,
  ),
  // The nearest whole power of 2 below a positive number, or next to it.
  exponentOf: helper('function exponentOf(x) { return Math.min(Math.floor(Math.log2(x)), 127); }'),
  /*
   * Long division in steps of 10 binary digits. The divisor is split into halves of 12 and 13 digits whose products with a digit of the
   * quotient are exact, and so is every difference.
   */
  remainder: helper(
    `
function remainder(x, y, infinity, nan) {
  const a = Math.abs(x);
  const b = Math.abs(y);
  const proper = (a < infinity && b > 0 && b <= infinity) ? 1 : 0;
  const whole = (proper !== 0 && a >= b) ? 1 : 0;
  const d = whole !== 0 ? b : 1;
  const e = exponentOf(d);
  const least = powerOfTwo(e);
  const m = d / least;
  const high = Math.floor(m * 2048) * 0.00048828125;
  const low = m - high;
  let r = whole !== 0 ? a : 0;
  const digits = exponentOf(whole !== 0 ? a : 1) - e;
  for (let i = 0; i < 29; i++) {
    const k = digits - 10 * i;
    if (k > -10) {
      const unit = powerOfTwo(e + (k > 0 ? k : 0));
      const s = m * unit;
      const q = Math.floor(r / s);
      r = (r - q * (high * unit)) - q * (low * unit);
      if (r < 0) { r = r + s; }
      if (r >= s) { r = r - s; }
    }
  }
  const size = whole !== 0 ? r : a;
  return proper !== 0 ? (x < 0 ? -size : (x > 0 ? size : x)) : nan;
}`,
    'powerOfTwo',
    'exponentOf',
  ),
  modulo: helper(
    `
function modulo(x, y, infinity, nan) {
  const r = remainder(x, y, infinity, nan);
  const other = (r < 0 && y > 0) || (r > 0 && y < 0) ? 1 : 0;
  const v = other !== 0 ? r + y : r;
  return r === 0 ? (y < 0 ? -0.0 : 0) : v;
}`,
    'remainder',
  ),
  floorQuotient: helper(
    `
function floorQuotient(x, y, infinity, nan) {
  const r = remainder(x, y, infinity, nan);
  const q = (x - r) / y;
  const other = (r < 0 && y > 0) || (r > 0 && y < 0) ? 1 : 0;
  const down = other !== 0 ? q - 1 : q;
  const v = Math.abs(down) < 4194304 ? Math.floor(down + 0.5) : down;
  return y === 0 ? x / y : (v === 0 ? (x / y < 0 ? -0.0 : 0) : v);
}`,
    'remainder',
  ),
}
