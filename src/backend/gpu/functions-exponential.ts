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
function exponential(x) {
  const b = Math.min(Math.max(x, -200), 200);
  const n = Math.floor(b * 1.4426950408889634 + 0.5);
  const r = (b - n * 0.693359375) + n * 0.00021219444005469058;
  const y = ${EXPONENTIAL} * r * r + r + 1;
  const h = Math.floor(n * 0.5);
  const v = y * powerOfTwo(h) * powerOfTwo(n - h);
  return x !== x ? x : (x > 200 ? v * v * v * v : v);
}`,
    'powerOfTwo',
  ),
  exponentialLess1: helper(
    `
function exponentialLess1(x) {
  const r = Math.abs(x) < 0.35 ? x : 0;
  const near = ${EXPONENTIAL} * r * r + r;
  const far = exponential(x) - 1;
  return Math.abs(x) < 0.35 ? (x === 0 ? x : near) : far;
}`,
    'exponential',
  ),
  logarithm: helper(
    `
function logarithm(x, infinity, nan) {
  const fits = (x > 0 && x < infinity) ? x : 1;
  const shift = fits < 1e-30 ? -24 : (fits > 1e30 ? 24 : 0);
  const v = fits * powerOfTwo(-shift);
  const e = Math.floor(Math.log2(v) + 0.5);
  const f = v * powerOfTwo(-e) - 1;
  const q = f / (2 + f);
  const z = q * q;
  const l = 2 * q + 2 * q * z * ${polynomial('z', 1 / 3, 1 / 5, 1 / 7, 1 / 9)};
  const n = e + shift;
  const y = n * 0.693359375 + (l - n * 0.00021219444005469058);
  return x !== x ? x : (x < 0 ? nan : (x === 0 ? -infinity : (x < infinity ? y : infinity)));
}`,
    'powerOfTwo',
  ),
  logarithm2: helper(`
function logarithm2(x, infinity, nan) {
  const v = (x > 0 && x < infinity) ? Math.log2(x) : infinity;
  return x !== x ? x : (x < 0 ? nan : (x === 0 ? -infinity : v));
}`),
  // W. Kahan's: the error of 1 + x is made good by that of its logarithm.
  logarithmOf1Plus: helper(
    `
function logarithmOf1Plus(x, infinity, nan) {
  const u = 1 + x;
  const d = u - 1;
  const l = logarithm(u, infinity, nan);
  const near = d === 0 ? x : l * (x / d);
  return (Math.abs(x) < 1e10 && u > 0) ? near : l;
}`,
    'logarithm',
  ),
  // The builtin is asked for the size alone: in some modes it has no signs. IEEE 754 says what is special.
  power: helper(`
function power(x, y, infinity, nan) {
  const a = Math.abs(x);
  const whole = Math.floor(y) === y ? 1 : 0;
  const odd = (whole !== 0 && y - 2 * Math.floor(y * 0.5) === 1) ? 1 : 0;
  const size = (a === 1 && y === y) ? 1 : Math.pow(a, y);
  const negative = (x < 0 || (x === 0 && 1 / x < 0)) ? 1 : 0;
  const signed = (negative !== 0 && odd !== 0) ? -size : size;
  const real = (x < 0 && a < infinity && whole === 0) ? nan : signed;
  return (y === 0 || x === 1) ? 1 : (x !== x ? x : (y !== y ? y : real));
}`),
  sineH: helper(
    `
function sineH(x) {
  const a = Math.abs(x);
  const e = exponentialLess1(Math.min(a, 20));
  const h = exponential(a * 0.5);
  const v = a < 20 ? 0.5 * (e + e / (e + 1)) : 0.5 * h * h;
  return x !== x ? x : (x < 0 ? -v : (x === 0 ? x : v));
}`,
    'exponential',
    'exponentialLess1',
  ),
  cosineH: helper(
    `
function cosineH(x) {
  const h = exponential(Math.abs(x) * 0.5);
  const e = h * h;
  return 0.5 * e + 0.5 / e;
}`,
    'exponential',
  ),
  tangentH: helper(
    `
function tangentH(x) {
  const e = exponentialLess1(2 * Math.min(Math.abs(x), 10));
  const v = e / (e + 2);
  return x !== x ? x : (x < 0 ? -v : (x === 0 ? x : v));
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
  return x !== x ? x : (x < 0 ? -v : (x === 0 ? x : v));
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
  return x !== x ? x : (x < 1 ? nan : (x < 1e9 ? near : far));
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
  return x !== x ? x : (x < 0 ? -size : (x === 0 ? x : size));
}`,
    'logarithmOf1Plus',
  ),
}
