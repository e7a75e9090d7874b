/**
 * Small pieces of code that the parts of a contraction share: counted loops, pointers that move, shares of a range.
 *
 * Layer: backend. Read next: contract/tile.ts.
 */
import type { Code, Local } from '../assembler.ts'

/** local += amount */
export const advance = (code: Code, local: Local, amount: number): void => {
  if (amount === 0) return
  code.get(local)
  code.i32(amount)
  code.op('i32.add')
  code.set(local)
}

/** Runs `body` while `counter` is below `end`, which `body` may not change. */
export const countUp = (code: Code, counter: Local, end: Local, body: () => void): void => {
  code.block(out =>
    code.loop(again => {
      code.get(counter)
      code.get(end)
      code.op('i32.ge_s')
      code.brIf(out)
      body()
      advance(code, counter, 1)
      code.br(again)
    }),
  )
}

/** Runs `body` `count` times, at least once. */
export const repeat = (code: Code, count: number | Local, isLocal: boolean, body: () => void): void => {
  if (!isLocal && count === 1) {
    body()
    return
  }
  const left = code.local('i32')
  if (isLocal) code.get(count)
  else code.i32(count)
  code.set(left)
  code.loop(again => {
    body()
    code.get(left)
    code.i32(1)
    code.op('i32.sub')
    code.tee(left)
    code.brIf(again)
  })
}

/** The digits of a number in mixed radix, the last fastest; locals. */
export const digitsOf = (code: Code, number: Local, sizes: readonly number[]): readonly Local[] => {
  const digits = sizes.map(() => code.local('i32'))
  const rest = code.local('i32')
  code.get(number)
  code.set(rest)
  const first = sizes.findIndex(n => n !== 1)
  for (let i = sizes.length - 1; i >= 0; i--) {
    const size = sizes[i] as number
    if (size === 1) continue
    code.get(rest)
    if (i !== first) {
      code.i32(size)
      code.op('i32.rem_u')
    }
    code.set(digits[i] as Local)
    if (i === first) break
    code.get(rest)
    code.i32(size)
    code.op('i32.div_u')
    code.set(rest)
  }
  return digits
}

/** A share of `total` things out of `shares`: where number `index` begins and where it ends. */
export const shareOf = (
  code: Code,
  index: Local,
  shares: number,
  total: number,
): readonly [from: Local, end: Local] => {
  const bounds = [code.local('i32'), code.local('i32')] as const
  bounds.forEach((bound, i) => {
    if (shares === 1) code.i32(i * total)
    else {
      code.get(index)
      code.i32(i)
      code.op('i32.add')
      code.i32(total)
      code.op('i32.mul')
      code.i32(shares)
      code.op('i32.div_u')
    }
    code.set(bound)
  })
  return bounds
}

/** A new local: from + Σ digit·step. */
export const placed = (code: Code, from: Local, digits: readonly Local[], steps: readonly number[]): Local => {
  const at = code.local('i32')
  code.get(from)
  digits.forEach((digit, i) => {
    const step = steps[i] as number
    if (step === 0) return
    code.get(digit)
    code.i32(step)
    code.op('i32.mul')
    code.op('i32.add')
  })
  code.set(at)
  return at
}

/** A new local: an address plus some bytes. */
export const addressAt = (code: Code, start: Local, bytes: number): Local => {
  const at = placed(code, start, [], [])
  advance(code, at, bytes)
  return at
}

const chosen = (code: Code, x: Local, n: number, keep: 'i32.lt_s' | 'i32.gt_s'): Local => {
  const out = code.local('i32')
  code.get(x)
  code.i32(n)
  code.get(x)
  code.i32(n)
  code.op(keep)
  code.op('select')
  code.set(out)
  return out
}

/** A new local: the lesser of a local and a number. */
export const lesser = (code: Code, x: Local, n: number): Local => chosen(code, x, n, 'i32.lt_s')

/** A new local: the greater of a local and a number. */
export const greater = (code: Code, x: Local, n: number): Local => chosen(code, x, n, 'i32.gt_s')
