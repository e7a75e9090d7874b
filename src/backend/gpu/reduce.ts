/**
 * Reductions as loops of one gpu.js thread.
 *
 * Layer: backend. Read first: loops.ts. Read next: source.ts.
 */
import type { Monoid, Stage } from '../../core/kernel.ts'
import { sizeOf } from '../../core/shape.ts'
import { monoidFor } from '../scalar.ts'
import { type Scope, write, writeInvariant } from './expressions.ts'
import { loops, variable } from './loops.ts'
import { literal, scalarText } from './scalars.ts'
import type { Writer } from './writer.ts'

type Reduce = Stage & { readonly tag: 'reduce' }

/** The scalar functions that combine. */
export const combiners = { sum: 'add', prod: 'mul', max: 'max', min: 'min', and: 'and', or: 'or' } as const

/** One accumulator, the unit of which is a value like others. */
const foldText = (
  writer: Writer,
  stage: Reduce,
  monoid: Exclude<Monoid, 'argMax' | 'argMin'>,
  scope: Scope,
): string => {
  const { unit } = monoidFor(monoid, stage.dtype)
  const total = variable(writer, stage.dtype, literal(writer, stage.dtype, unit))
  loops(writer, scope.point, stage.axes, point => {
    const [value = '0'] = write(writer, [stage.expr], { ...scope, point, values: new Map(scope.values) })
    writer.line(`${total} = ${scalarText(writer, combiners[monoid], stage.dtype, [total, value])};`)
  })
  return total
}

/** Whether a float is a number, as 1 or 0. No compiler knows the argument, so none may think that all floats are. */
export const isNumber = (writer: Writer, x: string): string =>
  writer.float(`Math.abs(${x}) <= ${writer.special('infinity')} ? 1 : 0`)

/** argMax and argMin: the first position of the extreme value, or of the first NaN. */
const positionText = (writer: Writer, stage: Reduce, scope: Scope): string => {
  const best = variable(writer, stage.expr.dtype, '0')
  const [found, next] = [writer.integer('0'), writer.integer('0')]
  const better = stage.monoid === 'argMax' ? '>' : '<'
  loops(writer, scope.point, stage.axes, point => {
    const [x = '0'] = write(writer, [stage.expr], { ...scope, point, values: new Map(scope.values) })
    const beats =
      stage.expr.dtype === 'float32'
        ? `${isNumber(writer, best)} === 1 && (${isNumber(writer, x)} === 0 || ${x} ${better} ${best})`
        : `${x} ${better} ${best}`
    const taken = writer.float(`(${next} === 0 || (${beats})) ? 1 : 0`)
    writer.line(`${best} = ${taken} !== 0 ? ${x} : ${best};`)
    writer.line(`${found} = ${taken} !== 0 ? ${next} : ${found};`)
    writer.line(`${next} = ${next} + 1;`)
  })
  return found
}

const emptyText = (writer: Writer, { monoid, dtype }: Reduce): string =>
  writer.value(
    dtype,
    monoid === 'argMax' || monoid === 'argMin' ? '0' : literal(writer, dtype, monoidFor(monoid, dtype).unit),
  )

/** A reduction at a point of the outer axes; the name of its result. */
export const reduceText = (writer: Writer, stage: Reduce, scope: Scope): string => {
  // Nothing is known to be in range where there are no points.
  if (sizeOf(stage.axes) === 0) return emptyText(writer, stage)
  writeInvariant(writer, [stage.expr], scope, scope.point.sizes.length)
  return stage.monoid === 'argMax' || stage.monoid === 'argMin'
    ? positionText(writer, stage, scope)
    : foldText(writer, stage, stage.monoid, scope)
}
