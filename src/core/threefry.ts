/**
 * threefry-2x32: a hash of a counter of two words under a key of two, on words of any kind: numbers, or code that computes them.
 *
 * Layer: core. Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3"; 20 rounds. Read next:
 * ops/threefry.ts.
 */

/** By how much words are turned in the rounds of a group; groups take turns. */
export const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const
/** What the third word of the key has besides the other two. */
export const PARITY = 0x1bd11bda

/** Arithmetic of 32-bit words, which wraps. */
export type Words<A> = {
  readonly add: (x: A, y: A) => A
  readonly xor: (x: A, y: A) => A
  readonly rotateLeft: (x: A, by: number) => A
  readonly constant: (value: number) => A
}

/** Twenty rounds on counter (c0, c1) under key (k0, k1); after every four the key is mixed in. */
export const threefry = <A>(
  { add, xor, rotateLeft, constant }: Words<A>,
  k0: A,
  k1: A,
  c0: A,
  c1: A,
): readonly [A, A] => {
  const k2 = xor(xor(k0, k1), constant(PARITY))
  const keys = [k0, k1, k2] as const
  const key = (i: number): A => keys[i % 3] ?? k0
  let x = add(c0, k0)
  let y = add(c1, k1)
  for (let group = 0; group < 5; group++) {
    for (const by of ROTATIONS[group % 2] ?? []) {
      x = add(x, y)
      y = xor(rotateLeft(y, by), x)
    }
    x = add(x, key(group + 1))
    y = add(add(y, key(group + 2)), constant(group + 1))
  }
  return [x, y]
}
