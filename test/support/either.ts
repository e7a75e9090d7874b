/**
 * What is in an Either, for tests that know which side they expect.
 */
import * as E from 'fp-ts/lib/Either.js'

/** The value of a Right; fails the test for a Left. */
export const right = <A>(result: E.Either<unknown, A>): A => {
  if (E.isLeft(result)) throw new Error(`expected a Right, got Left(${String(result.left)})`)
  return result.right
}

/** The error of a Left; fails the test for a Right. */
export const left = <L>(result: E.Either<L, unknown>): L => {
  if (E.isRight(result)) throw new Error('expected a Left, got a Right')
  return result.left
}
