/**
 * Exponentials, logarithms, powers and hyperbolic functions, in the language of gpu.js.
 *
 * Layer: backend. Part of functions.ts, which says what holds for all.
 */
import { type Helpers, helper, polynomial } from './helper.ts'

// (e^r - 1 - r)/r² for |r| up to ln(2)/2. Coefficients: S. L. Moshier, Cephes (expf).
const EXPONENTIAL = polynomial(
  'r',
  5.0000001201e-1,
  1.6666665459e-1,
  4.1665795894e-2,
  8.3334519073e-3,
  1.3981999507e-3,
  1.98756915e-4,
)

/** Functions that rest on e^x and its inverse. */
export const exponentials: Helpers = {
  exponential: helper(
    `
function exponential(x, infinity) {
  const b = Math.min(Math.max(x, -110), 90);
  const n = Math.floor(b * 1.4426950408889634 + 0.5);
  const r = (b - n * 0.693359375) + n * 0.00021219444005469058;
  const y = ${EXPONENTIAL} * r * r + r + 1;
  const h = Math.floor(n * 0.5);
  const v = y * powerOfTwo(h) * powerOfTwo(n - h);
  return Math.abs(x) <= infinity ? (x > 88.8 ? infinity : (x < -104 ? 0 : v)) : x;
}`,
    'powerOfTwo',
  ),
  exponentialLess1: helper(
    `
function exponentialLess1(x, infinity) {
  const r = Math.abs(x) < 0.35 ? x : 0;
  const near = ${EXPONENTIAL} * r * r + r;
  const far = exponential(x, infinity) - 1;
  return Math.abs(x) < 0.35 ? (x === 0 ? x : near) : far;
}`,
    'exponential',
  ),
  // ln(1 + f) for 1 + f between √½ and √2, by the series of 2·artanh(f/(2 + f)).
  logarithmNear1: helper(`
function logarithmNear1(f) {
  const q = f / (2 + f);
  const z = q * q;
  return 2 * q + 2 * q * z * ${polynomial('z', 1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11)};
}`),
  // The whole number n for which x/2^n lies between √½ and √2.
  logarithmWhole: helper(
    `
function logarithmWhole(x) {
  const shift = x < 1e-30 ? -24 : (x > 1e30 ? 24 : 0);
  return Math.floor(Math.log2(x * powerOfTwo(-shift)) + 0.5) + shift;
}`,
    'powerOfTwo',
  ),
  // x/2^n - 1, in two steps, as 2^n need not be a float.
  logarithmRest: helper(
    `
function logarithmRest(x, n) {
  const h = Math.floor(n * 0.5);
  return x * powerOfTwo(-h) * powerOfTwo(h - n) - 1;
}`,
    'powerOfTwo',
  ),
  logarithm: helper(
    `
function logarithm(x, infinity, nan) {
  const fits = (x > 0 && x < infinity) ? x : 1;
  const n = logarithmWhole(fits);
  const l = logarithmNear1(logarithmRest(fits, n));
  const y = n * 0.693359375 + (l - n * 0.00021219444005469058);
  const v = x < infinity ? y : infinity;
  return Math.abs(x) <= infinity ? (x < 0 ? nan : (x === 0 ? -infinity : v)) : x;
}`,
    'logarithmWhole',
    'logarithmRest',
    'logarithmNear1',
  ),
  logarithm2: helper(
    `
function logarithm2(x, infinity, nan) {
  const fits = (x > 0 && x < infinity) ? x : 1;
  const n = logarithmWhole(fits);
  const y = n + logarithmNear1(logarithmRest(fits, n)) * 1.4426950408889634;
  const v = x < infinity ? y : infinity;
  return Math.abs(x) <= infinity ? (x < 0 ? nan : (x === 0 ? -infinity : v)) : x;
}`,
    'logarithmWhole',
    'logarithmRest',
    'logarithmNear1',
  ),
  logarithmOf1Plus: helper(
    `
function logarithmOf1Plus(x, infinity, nan) {
  const close = (x > -0.29 && x < 0.41) ? 1 : 0;
  const near = logarithmNear1(close !== 0 ? x : 0);
  const far = logarithm(1 + x, infinity, nan);
  return close !== 0 ? (Math.abs(x) < 1e-9 ? x : near) : far;
}`,
    'logarithm',
    'logarithmNear1',
  ),
  // The builtin is asked for sizes alone, and for none that is 0 or infinite. IEEE 754 says what is special.
  power: helper(`
function power(x, y, infinity, nan) {
  const a = Math.abs(x);
  const whole = Math.floor(y) === y ? 1 : 0;
  const odd = (whole !== 0 && y - 2 * Math.floor(y * 0.5) === 1) ? 1 : 0;
  const usual = (a > 0 && a < infinity && Math.abs(y) < infinity) ? 1 : 0;
  const p = Math.pow(usual !== 0 ? a : 1, usual !== 0 ? y : 1);
  const v = y === 1 ? a : (y === 2 ? a * a : (y === 0.5 ? Math.sqrt(a) : p));
  const grows = (a > 1 && y > 0) || (a < 1 && y < 0) ? 1 : 0;
  const size = usual !== 0 ? v : (a === 1 ? 1 : (grows !== 0 ? infinity : 0));
  const negative = (x < 0 || (x === 0 && 1 / x < 0)) ? 1 : 0;
  const signed = (negative !== 0 && odd !== 0) ? -size : size;
  const real = (x < 0 && a < infinity && whole === 0) ? nan : signed;
  const number = a <= infinity ? (Math.abs(y) <= infinity ? real : y) : x;
  return (y === 0 || x === 1) ? 1 : number;
}`),
  sineH: helper(
    `
function sineH(x, infinity) {
  const a = Math.abs(x);
  const e = exponentialLess1(Math.min(a, 20), infinity);
  const h = exponential(a * 0.5, infinity);
  const v = a < 20 ? 0.5 * (e + e / (e + 1)) : 0.5 * h * h;
  return a <= infinity ? (x < 0 ? -v : (x === 0 ? x : v)) : x;
}`,
    'exponential',
    'exponentialLess1',
  ),
  cosineH: helper(
    `
function cosineH(x, infinity) {
  const h = exponential(Math.abs(x) * 0.5, infinity);
  return (0.5 * h) * h + 0.5 / h / h;
}`,
    'exponential',
  ),
  tangentH: helper(
    `
function tangentH(x, infinity) {
  const e = exponentialLess1(2 * Math.min(Math.abs(x), 20), infinity);
  const v = e / (e + 2);
  return Math.abs(x) <= infinity ? (x < 0 ? -v : (x === 0 ? x : v)) : x;
}`,
    'exponentialLess1',
  ),
  areaSineH: helper(
    `
function areaSineH(x, infinity, nan) {
  const a = Math.abs(x);
  const b = Math.min(a, 1e9);
  const near = logarithmOf1Plus(b + b * b / (1 + Math.sqrt(b * b + 1)), infinity, nan);
  const far = logarithm(a, infinity, nan) + 0.6931471805599453;
  const v = a < 1e9 ? near : far;
  return a <= infinity ? (x < 0 ? -v : (x === 0 ? x : v)) : x;
}`,
    'logarithm',
    'logarithmOf1Plus',
  ),
  areaCosineH: helper(
    `
function areaCosineH(x, infinity, nan) {
  const t = Math.min(Math.max(x, 1), 1e9) - 1;
  const near = logarithmOf1Plus(t + Math.sqrt(2 * t + t * t), infinity, nan);
  const far = logarithm(x, infinity, nan) + 0.6931471805599453;
  return Math.abs(x) <= infinity ? (x < 1 ? nan : (x < 1e9 ? near : far)) : x;
}`,
    'logarithm',
    'logarithmOf1Plus',
  ),
  areaTangentH: helper(
    `
function areaTangentH(x, infinity, nan) {
  const a = Math.abs(x);
  const b = a < 1 ? a : 0;
  const v = 0.5 * logarithmOf1Plus(2 * b / (1 - b), infinity, nan);
  const size = a < 1 ? v : (a > 1 ? nan : infinity);
  return a <= infinity ? (x < 0 ? -size : (x === 0 ? x : size)) : x;
}`,
    'logarithmOf1Plus',
  ),
  // Halley's iteration, twice, from a line that is at most a tenth off between 2^-1.5 and 2^1.5.
  cubeRoot: helper(
    `
function cubeRoot(x, infinity) {
  const a = Math.abs(x);
  const fits = (a > 0 && a < infinity) ? a : 1;
  const n = Math.floor(logarithmWhole(fits) / 3 + 0.5);
  const h = Math.floor(3 * n * 0.5);
  const m = fits * powerOfTwo(-h) * powerOfTwo(h - 3 * n);
  const y0 = 0.6 + 0.29 * m;
  const c0 = y0 * y0 * y0;
  const y1 = y0 * (c0 + 2 * m) / (2 * c0 + m);
  const c1 = y1 * y1 * y1;
  const v = y1 * (c1 + 2 * m) / (2 * c1 + m) * powerOfTwo(n);
  return (a > 0 && a < infinity) ? (x < 0 ? -v : v) : x;
}`,
    'powerOfTwo',
    'logarithmWhole',
  ),
}
