/**
 * Arithmetic of int32 that wraps, in the language of gpu.js and in GLSL.
 *
 * Layer: backend. Part of functions.ts, which says what holds for all. In some modes numbers are doubles, so every sum is cut to 32
 * bits by a bitwise operator; GLSL has integers, but gpu.js gives it no bitwise operators that hold for all of them.
 */
import { threefry } from '../../core/threefry.ts'
import { declareWhole, type Helper, type Helpers, wholeHelper } from './helper.ts'

/**
 * Quotient towards zero. Halves of the sizes are divided as floats, which is exact but for some parts of 2²⁴, and put right twice; the
 * last bit of the dividend is appended as H. S. Warren, Hacker's Delight (2002), does for unsigned numbers.
 */
const QUOTIENT = `
function wholeQuotient(x, y) {
  ${declareWhole('n')} n = x < 0 ? (0 - x) | 0 : x;
  ${declareWhole('d')} d = y < 0 ? (0 - y) | 0 : y;
  ${declareWhole('last')} last = n & 1;
  ${declareWhole('half')} half = (n >>> 1) | 0;
  ${declareWhole('by')} by = d;
  if (by < 1) { by = 1; }
  ${declareWhole('q')} q = Math.floor(half / by);
  ${declareWhole('r')} r = half - q * by;
  ${declareWhole('more')} more = Math.floor(r / by);
  q = q + more;
  r = r - more * by;
  if (r < 0) { r = r + by; q = q - 1; }
  if (r >= by) { r = r - by; q = q + 1; }
  q = (q + q) | 0;
  if (r >= by - r - last) { q = (q + 1) | 0; }
  if ((x < 0) !== (y < 0)) { q = (0 - q) | 0; }
  if (y === 0) { q = 0; }
  if (d < 0) { q = 0; if (n < 0) { q = 1; } }
  return q;
}`

const PRODUCT = '(x * (y & 65535) + (((x * (y >> 16)) & 65535) << 16)) | 0'

/** x to the power of n by squaring; a base of 1 or -1 has powers below 0, too. */
const POWER = `
function wholePower(x, n) {
  ${declareWhole('result')} result = 1;
  ${declareWhole('square')} square = x;
  ${declareWhole('left')} left = n;
  if (n < 0) { left = n & 1; if (x !== 1 && x !== -1) { result = 0; } }
  for (let i = 0; i < 31; i++) {
    ${declareWhole('times')} times = 1;
    if ((left & 1) === 1) { times = square; }
    result = wholeProduct(result, times);
    square = wholeProduct(square, square);
    left = left >> 1;
  }
  return result;
}`

const POWER_GLSL = `
int wholePower(int x, int n) {
  int result = (n < 0 && x != 1 && x != -1) ? 0 : 1;
  int square = x;
  int left = n < 0 ? (n & 1) : n;
  for (int i = 0; i < 31; i++) {
    if ((left & 1) == 1) { result *= square; }
    square *= square;
    left >>= 1;
  }
  return result;
}`

type Combine = (x: string, y: string) => string
type Rotate = (x: string, by: number) => string

/** One word of the hash, its rounds written out. */
const hash = (word: 0 | 1): Helper => {
  const write = (head: string, declare: string, wrap: Combine, rotate: Rotate): string => {
    const lines: string[] = []
    let count = 0
    const value = (text: string): string => {
      const made = `w${count++}`
      lines.push(`  ${declare.replaceAll('NAME', made)} ${text};`)
      return made
    }
    const words = threefry<string>(
      {
        add: (x, y) => value(wrap(x, y)),
        xor: (x, y) => value(`${x} ^ ${y}`),
        rotateLeft: (x, by) => value(rotate(x, by)),
        constant: c => (c > 65535 ? value(`(${c >> 16} << 16) | ${c & 65535}`) : String(c)),
      },
      'k0',
      'k1',
      'c0',
      'c1',
    )
    return `${head} {\n${lines.join('\n')}\n  return ${words[word]};\n}`
  }
  const name = `threefry${word}`
  return wholeHelper(
    write(
      `function ${name}(k0, k1, c0, c1)`,
      `${declareWhole('NAME')} NAME =`,
      (x, y) => `(${x} + ${y}) | 0`,
      (x, by) => `(${x} << ${by}) | (${x} >>> ${32 - by})`,
    ),
    write(
      `int ${name}(int k0, int k1, int c0, int c1)`,
      'int NAME =',
      (x, y) => `${x} + ${y}`,
      (x, by) => `(${x} << ${by}) | ((${x} >> ${32 - by}) & ${2 ** by - 1})`,
    ),
  )
}

const bitwise = (name: string, operator: string): Helpers => ({
  [name]: wholeHelper(
    `function ${name}(x, y) { return x ${operator} y; }`,
    `int ${name}(int x, int y) { return x ${operator} y; }`,
  ),
})

/** Functions of int32. */
export const integers: Helpers = {
  ...bitwise('wholeAnd', '&'),
  ...bitwise('wholeOr', '|'),
  ...bitwise('wholeXor', '^'),
  ...bitwise('wholeLeft', '<<'),
  ...bitwise('wholeRight', '>>'),
  wholeProduct: wholeHelper(
    `function wholeProduct(x, y) { return ${PRODUCT}; }`,
    'int wholeProduct(int x, int y) { return x * y; }',
  ),
  wholeQuotient: wholeHelper(
    QUOTIENT,
    'int wholeQuotient(int x, int y) { return y == 0 ? 0 : (y == -1 ? 0 - x : x / y); }',
  ),
  wholePower: { ...wholeHelper(POWER, POWER_GLSL), uses: ['wholeProduct'] },
  wholeOf: {
    ...wholeHelper('function wholeOf(x) { return Math.floor(x); }', 'int wholeOf(float x) { return int(x); }'),
    takes: ['Number'],
  },
  // Saturating, with 0 for NaN.
  toWhole: {
    ...wholeHelper(
      `
function toWhole(x) {
  ${declareWhole('v')} v = (x > -2147483648 && x < 2147483648) ? Math.trunc(x) : 0;
  if (x >= 2147483648) { v = (32767 << 16) | 65535; }
  if (x <= -2147483648) { v = -32768 << 16; }
  return v;
}`,
      `
int toWhole(float x) {
  if (x >= 2147483648.0) { return 2147483647; }
  if (x <= -2147483648.0) { return -2147483647 - 1; }
  return (x > -2147483648.0 && x < 2147483648.0) ? int(x) : 0;
}`,
    ),
    takes: ['Number'],
  },
  shiftedLeft: wholeHelper(
    'function shiftedLeft(x, n) { return (n < 0 || n > 31) ? x & 0 : x << (n & 31); }',
    'int shiftedLeft(int x, int n) { return (n < 0 || n > 31) ? 0 : x << n; }',
  ),
  shiftedRight: wholeHelper(
    'function shiftedRight(x, n) { return (n < 0 || n > 31) ? x >> 31 : x >> (n & 31); }',
    'int shiftedRight(int x, int n) { return x >> ((n < 0 || n > 31) ? 31 : n); }',
  ),
  shiftedRightLogically: wholeHelper(
    'function shiftedRightLogically(x, n) { return (n < 0 || n > 31) ? x & 0 : (x >>> (n & 31)) | 0; }',
    'int shiftedRightLogically(int x, int n) { return (n < 0 || n > 31) ? 0 : int(uint(x) >> uint(n)); }',
  ),
  threefry0: hash(0),
  threefry1: hash(1),
}
