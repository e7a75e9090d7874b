/**
 * Sine, cosine, tangent and their inverses, in the language of gpu.js.
 *
 * Layer: backend. Part of functions.ts, which says what holds for all.
 */
import { range } from '../../core/shape.ts'
import { type Helpers, helper, nativeHelper, polynomial } from './helper.ts'

// Sine and cosine for |r| up to π/4, z = r². Cephes (sinf).
const SINE = polynomial('z', -1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4)
const COSINE = polynomial('z', 4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5)
// (arcsin(x)/x - 1)/x² for |x| up to ½ and (arctan(x)/x - 1)/x² for |x| up to tan(π/8), z = x². Cephes (asinf, atanf).
const ARC_SINE = polynomial('z', 1.6666752422e-1, 7.4953002686e-2, 4.547002591e-2, 2.4181311049e-2, 4.2163199048e-2)
const ARC_TANGENT = polynomial('z', -3.33329491539e-1, 1.99777106478e-1, -1.38776856032e-1, 8.05374449538e-2)

// 2/π after the point, to the base 4096.
const DIGITS = [2607, 2435, 1764, 3652, 338, 2556, 629, 2001, 3923, 1245, 3085, 2914, 2393, 2364, 1081, 65]
/** Products of this many digits are summed: the float nearest to a multiple of π/2 leaves 2^-33 of a turn (Muller et al., 2018). */
const COLUMNS = 7

/**
 * The digits of m·2^e·2/π from the weight 2^t on, where e = 12·s + t: products of the two digits of m with those of 2/π, by columns,
 * carried from the last to the first. All are whole numbers of less than 24 bits.
 */
const COLUMN_TEXT = range(0, COLUMNS)
  .reverse()
  .map(
    i => `
  const p${i} = upper * turnDigit(s + ${i + 1});
  const q${i} = lower * turnDigit(s + ${i});
  const ph${i} = Math.floor(p${i} * 0.000244140625);
  const qh${i} = Math.floor(q${i} * 0.000244140625);
  const sum${i} = (p${i} - ph${i} * 4096) + (q${i} - qh${i} * 4096) + ${i === COLUMNS - 1 ? '0' : `carry${i + 1}`};
  const over${i} = Math.floor(sum${i} * 0.000244140625);
  const w${i} = (sum${i} - over${i} * 4096) * powerOfTwo(t - ${12 * i});
  const carry${i} = ph${i} + qh${i} + over${i};`,
  )
  .join('')

/**
 * |x| - k·π/2 with k the nearest whole number. Up to 8192 with π/2 in three parts, of which the first two have few digits; beyond by
 * as many digits of 2/π as it takes (M. Payne and R. Hanek, 1983).
 */
const REDUCED = `
const a = Math.abs(x);
const b = a < 8192 ? a : 0;
let k = Math.floor(b * 0.6366197723675814 + 0.5);
let r = ((b - k * 1.5703125) - k * 0.00048375129699707031) - k * 7.5497899548918822e-8;
if (a >= 8192 && a < infinity) {
  k = farTurn(a, 0);
  r = farTurn(a, 1);
}
const part = k - 4 * Math.floor(k * 0.25);
const z = r * r;
const s = r + r * z * ${SINE};
const c = (1 - 0.5 * z) + z * z * ${COSINE};`

/** Functions of angles. */
export const periodic: Helpers = {
  turnDigit: nativeHelper(
    `
function turnDigit(j) {
  let digit = 0;
${DIGITS.map((digit, i) => `  if (j === ${i + 1}) { digit = ${digit}; }`).join('\n')}
  return digit;
}`,
    `
float turnDigit(float j) {
  const float digits[${DIGITS.length + 2}] = float[](0.0, ${DIGITS.map(digit => `${digit}.0`).join(', ')}, 0.0);
  return digits[int(clamp(j, 0.0, ${DIGITS.length + 1}.0))];
}`.trim(),
  ),
  // Of a number from 8192 on: the whole quarter turns, without full turns, or else the angle that is left.
  farTurn: helper(
    `
function farTurn(a, rest) {
  const guess = exponentOf(a) - 23;
  const about = a * powerOfTwo(-guess);
  const e = about < 8388608 ? guess - 1 : (about < 16777216 ? guess : guess + 1);
  const m = about < 8388608 ? about * 2 : (about < 16777216 ? about : about * 0.5);
  const s = Math.floor((e + 0.5) / 12);
  const t = e - 12 * s;
  const upper = Math.floor(m * 0.000244140625);
  const lower = m - upper * 4096;${COLUMN_TEXT}
  const high = (w0 - 4 * Math.floor(w0 * 0.25)) + (w1 - 4 * Math.floor(w1 * 0.25));
  const k = Math.floor(high + w2 + 0.5);
  const left = ((((high - k) + w2) + w3) + w4) + (w5 + w6);
  return rest > 0 ? left * 1.5707963267948966 : k;
}`,
    'turnDigit',
    'powerOfTwo',
    'exponentOf',
  ),
  sine: helper(
    `
function sine(x, infinity, nan) {
  ${REDUCED.trim().replaceAll('\n', '\n  ')}
  const v = (part === 1 || part === 3) ? c : s;
  const size = part > 1 ? -v : v;
  return a <= infinity ? (a < infinity ? (x < 0 ? -size : (x === 0 ? x : size)) : nan) : x;
}`,
    'farTurn',
  ),
  cosine: helper(
    `
function cosine(x, infinity, nan) {
  ${REDUCED.trim().replaceAll('\n', '\n  ')}
  const v = (part === 1 || part === 3) ? s : c;
  const size = (part === 1 || part === 2) ? -v : v;
  return a <= infinity ? (a < infinity ? size : nan) : x;
}`,
    'farTurn',
  ),
  tangent: helper(
    'function tangent(x, infinity, nan) { return sine(x, infinity, nan) / cosine(x, infinity, nan); }',
    'sine',
    'cosine',
  ),
  arcSineNear0: helper(`
function arcSineNear0(x) {
  const z = x * x;
  return x + x * z * ${ARC_SINE};
}`),
  arcSine: helper(
    `
function arcSine(x, infinity, nan) {
  const a = Math.abs(x);
  const near = arcSineNear0(a < 0.5 ? a : 0);
  const far = 1.5707963267948966 - 2 * arcSineNear0(Math.sqrt((a >= 0.5 && a <= 1) ? 0.5 - 0.5 * a : 0));
  const v = a < 0.5 ? near : far;
  return a <= infinity ? (a <= 1 ? (x < 0 ? -v : (x === 0 ? x : v)) : nan) : x;
}`,
    'arcSineNear0',
  ),
  arcCosine: helper(
    `
function arcCosine(x, infinity, nan) {
  const a = Math.abs(x);
  const near = 1.5707963267948966 - arcSineNear0(a < 0.5 ? x : 0);
  const far = 2 * arcSineNear0(Math.sqrt((a >= 0.5 && a <= 1) ? 0.5 - 0.5 * a : 0));
  const v = a < 0.5 ? near : (x < 0 ? 3.141592653589793 - far : far);
  return a <= infinity ? (a <= 1 ? v : nan) : x;
}`,
    'arcSineNear0',
  ),
  arcTangentOfSize: helper(`
function arcTangentOfSize(a) {
  const t = a > 2.414213562373095 ? -1 / a : (a > 0.4142135623730951 ? (a - 1) / (a + 1) : a);
  const base = a > 2.414213562373095 ? 1.5707963267948966 : (a > 0.4142135623730951 ? 0.7853981633974483 : 0);
  const z = t * t;
  return base + (t + t * z * ${ARC_TANGENT});
}`),
  arcTangent: helper(
    `
function arcTangent(x, infinity) {
  const v = arcTangentOfSize(Math.abs(x));
  return Math.abs(x) <= infinity ? (x < 0 ? -v : (x === 0 ? x : v)) : x;
}`,
    'arcTangentOfSize',
  ),
  // The angle is that of a quotient of at most 1, turned and mirrored.
  arcTangent2: helper(
    `
function arcTangent2(y, x, infinity) {
  const a = Math.abs(x);
  const b = Math.abs(y);
  const large = Math.max(a, b);
  const both = Math.min(a, b);
  const divisor = large > 0 ? (large < infinity ? large : 1) : 1;
  const t = large < infinity ? both / divisor : (both < infinity ? 0 : 1);
  const near = arcTangentOfSize(t);
  const steep = b > a ? 1.5707963267948966 - near : near;
  const left = (x < 0 || (x === 0 && 1 / x < 0)) ? 3.141592653589793 - steep : steep;
  const down = (y < 0 || (y === 0 && 1 / y < 0)) ? -left : left;
  return a <= infinity ? (b <= infinity ? down : y) : x;
}`,
    'arcTangentOfSize',
  ),
}
