/**
 * Functions of int32 in the GLSL of OpenGL ES 2, which has neither bitwise operators nor unsigned numbers: bits one by one, by halving.
 *
 * Layer: backend. For mode headlessgl; integers there have 32 bits and wrap. Each text is complete in itself, since nothing says in which
 * order functions come. Read first: functions-integer.ts.
 */
import { PARITY, ROTATIONS } from '../../core/threefry.ts'

/** Half of a variable, rounded down, as a new one. */
const half = (x: string, name: string): string =>
  `int ${name} = ${x} / 2; if (${name} + ${name} > ${x}) { ${name} -= 1; }`

/** One more than there are bits, which adds nothing: compilers unroll loops of 32, and take minutes for the hash. */
const BITS = 33

/** A function that makes each bit of its result of the same bit of its arguments. */
const bitwise = (name: string, isSet: string): string => `
int ${name}(int x, int y) {
  int a = x;
  int b = y;
  int bit = 1;
  int result = 0;
  for (int i = 0; i < ${BITS}; i++) {
    ${half('a', 'c')}
    ${half('b', 'd')}
    int p = a - c - c;
    int q = b - d - d;
    if (${isSet}) { result += bit; }
    a = c;
    b = d;
    bit += bit;
  }
  return result;
}`

/** Lines that double or halve a number so many times, 31 at the most. */
const moved = (step: string, times: string): string => `for (int i = 0; i < 31; i++) { if (i < ${times}) { ${step} } }`
const DOUBLE = 'result += result;'
const HALVE = `${half('result', 'lower')} result = lower;`

/** A shift, by 0 to 31 places; by others it is what is `outside`, if that is said. */
const shift = (name: string, step: string, outside?: string): string => `
int ${name}(int x, int n) {
  ${outside === undefined ? '' : `if (n < 0 || n > 31) { return ${outside}; }`}
  int result = x;
  ${moved(step, 'n')}
  return result;
}`

/** What a negative number lacks after its sign has been moved in from the left: 2³² after no step, half as much after each. */
const LOGICALLY = `
int shiftedRightLogically(int x, int n) {
  if (n < 0 || n > 31) { return 0; }
  int result = x;
  int lacks = 0;
  for (int i = 0; i < 31; i++) {
    if (i < n) {
      ${HALVE}
      lacks = i == 0 ? -2147483647 - 1 : (i == 1 ? 1073741824 : lacks / 2);
    }
  }
  return x < 0 ? result + lacks : result;
}`

const POWER = `
int wholePower(int x, int n) {
  int result = (n < 0 && x != 1 && x != -1) ? 0 : 1;
  int square = x;
  int left = n;
  for (int i = 0; i < 31; i++) {
    ${half('left', 'lower')}
    if (left - lower - lower == 1 && (n > 0 || i == 0)) { result *= square; }
    square *= square;
    left = lower;
  }
  return result;
}`

/** A number for the rotation of a round, in groups of one kind. */
const chosen = (kind: 0 | 1, of: (by: number) => number): string => {
  const [a, b, c, d] = ROTATIONS[kind].map(of)
  return `(round == 0 ? ${a} : (round == 1 ? ${b} : (round == 2 ? ${c} : ${d})))`
}

/**
 * One word of the hash, see core/threefry.ts, with the functions that it needs under names of its own. All rounds are one loop, since
 * compilers take minutes for twenty one after the other.
 */
const hash = (word: 0 | 1): string => {
  const name = `threefry${word}`
  return `${bitwise(`${name}Xor`, 'p != q')}
int ${name}Turned(int x, int up, int down) {
  int low = x / down;
  if (low * down > x) { low -= 1; }
  if (x < 0) { low += up; }
  return x * up + low;
}
int ${name}(int k0, int k1, int c0, int c1) {
  int k2 = ${name}Xor(k0, ${name}Xor(k1, ${PARITY}));
  int x = c0 + k0;
  int y = c1 + k1;
  for (int i = 0; i < ${BITS}; i++) {
    if (i < 20) {
      int group = i / 4;
      int round = i - 4 * group;
      bool odd = group == 1 || group == 3;
      int up = odd ? ${chosen(1, by => 2 ** by)} : ${chosen(0, by => 2 ** by)};
      int down = odd ? ${chosen(1, by => 2 ** (32 - by))} : ${chosen(0, by => 2 ** (32 - by))};
      x += y;
      y = ${name}Xor(${name}Turned(y, up, down), x);
      if (round == 3) {
        int next = group == 0 || group == 3 ? k1 : (group == 1 || group == 4 ? k2 : k0);
        int after = group == 0 || group == 3 ? k2 : (group == 1 || group == 4 ? k0 : k1);
        x += next;
        y += after + group + 1;
      }
    }
  }
  return ${word === 0 ? 'x' : 'y'};
}`
}

/** The functions by name: those whose text in newer GLSL cannot be compiled. */
export const gles: { readonly [name: string]: string | null } = {
  powerOfTwo: null,
  turnDigit: null,
  wholeAnd: bitwise('wholeAnd', 'p == 1 && q == 1'),
  wholeOr: bitwise('wholeOr', 'p == 1 || q == 1'),
  wholeXor: bitwise('wholeXor', 'p != q'),
  wholeLeft: shift('wholeLeft', DOUBLE),
  wholeRight: shift('wholeRight', HALVE),
  wholePower: POWER,
  shiftedLeft: shift('shiftedLeft', DOUBLE, '0'),
  shiftedRight: shift('shiftedRight', HALVE, 'x < 0 ? -1 : 0'),
  shiftedRightLogically: LOGICALLY,
  threefry0: hash(0),
  threefry1: hash(1),
}
