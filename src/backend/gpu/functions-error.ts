/**
 * The error function and its kin, in the language of gpu.js.
 *
 * Layer: backend. Part of functions.ts, which says what holds for all.
 */
import { type Helpers, helper, polynomial } from './helper.ts'

// ln(erfc(x)·e^(x²)/t) with t = 1/(1 + x/2). Press et al., Numerical Recipes (erfcc), to a relative error of 1.2e-7.
const TAIL = polynomial(
  't',
  -1.26551223,
  1.00002368,
  0.37409196,
  0.09678418,
  -0.18628806,
  0.27886807,
  -1.13520398,
  1.48851587,
  -0.82215223,
  0.17087277,
)
// erf(x)/x by its power series for |x| up to 1/2, z = x².
const NEAR = polynomial(
  'z',
  1.1283791670955126,
  -0.37612638903183754,
  0.11283791670955126,
  -0.026866170645131252,
  0.005223977625442187,
  -0.0008548327023450852,
  0.00012055332981789664,
)
// erfInv(x)/x with w = -ln(1 - x²): M. Giles (2012), "Approximating the erfinv function", GPU Computing Gems 2.
const CENTRE = polynomial(
  'c',
  1.50140941,
  0.246640727,
  -0.00417768164,
  -0.00125372503,
  0.00021858087,
  -4.39150654e-6,
  -3.5233877e-6,
  3.43273939e-7,
  2.81022636e-8,
)
const EDGE = polynomial(
  's',
  2.83297682,
  1.00167406,
  0.00943887047,
  -0.0076224613,
  0.00573950773,
  -0.00367342844,
  0.00134934322,
  0.000100950558,
  -0.000200214257,
)

/** Functions of the normal distribution. */
export const errorFunctions: Helpers = {
  // x² is split, as rounding it would cost as many digits as the exponent has.
  errorTail: helper(
    `
function errorTail(x, infinity) {
  const b = Math.min(x, 30);
  const h = Math.floor(b * 16) * 0.0625;
  const t = 1 / (1 + 0.5 * b);
  const p = ${TAIL};
  return t * exponential(-h * h, infinity) * exponential(p - (b - h) * (b + h), infinity);
}`,
    'exponential',
  ),
  errorFunction: helper(
    `
function errorFunction(x, infinity) {
  const a = Math.abs(x);
  const z = Math.min(a, 1) * Math.min(a, 1);
  const near = x * ${NEAR};
  const far = 1 - errorTail(a, infinity);
  return a <= infinity ? (a < 0.5 ? near : (x < 0 ? -far : far)) : x;
}`,
    'errorTail',
  ),
  errorComplement: helper(
    `
function errorComplement(x, infinity) {
  const a = Math.abs(x);
  const z = Math.min(a, 1) * Math.min(a, 1);
  const near = 1 - x * ${NEAR};
  const far = errorTail(a, infinity);
  return a <= infinity ? (a < 0.5 ? near : (x < 0 ? 2 - far : far)) : x;
}`,
    'errorTail',
  ),
  errorInverse: helper(
    `
function errorInverse(x, infinity, nan) {
  const a = Math.abs(x);
  const b = a < 1 ? a : 0;
  const w = -logarithm((1 - b) * (1 + b), infinity, nan);
  const c = w - 2.5;
  const s = Math.sqrt(w) - 3;
  const v = w < 5 ? ${CENTRE} : ${EDGE};
  const size = a < 1 ? v * a : (a > 1 ? nan : infinity);
  return a <= infinity ? (x < 0 ? -size : (x === 0 ? x : size)) : x;
}`,
    'logarithm',
  ),
}
