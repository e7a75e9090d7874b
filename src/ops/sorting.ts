/**
 * Sorting along the last axis or another.
 *
 * Layer: ops. Only `argsort` is primitive; `sort` takes elements at those positions, which gives its derivative.
 */
import * as E from 'fp-ts/lib/Either.js'
import { axisError, orThrow } from '../core/errors.ts'
import { normalizeAxis } from '../core/shape.ts'
import { bind1 } from '../core/trace.ts'
import type { Op, Tensor } from '../core/types.ts'
import { type AlongAxis, commonDtype, composite, dataLast, defineOp, first, only, primitive } from './define.ts'
import { takeAlongAxis } from './indexing.ts'
import { moveAxis } from './movement.ts'

const argsortOp: Op<Record<string, never>> = defineOp({
  name: 'argsort',
  doc: 'Positions that sort the last axis.',
  infer: (_params, types) =>
    first(types).shape.length === 0
      ? E.left(axisError('argsort', 'a scalar has no axis to sort'))
      : E.map(() => [{ shape: first(types).shape, dtype: 'int32' as const }])(commonDtype('argsort', types, 'number')),
  lower: (_params, types) => ({ tag: 'sort', shape: first(types).shape }),
  differentiation: { rule: 'constant' },
  batch: (params, xs) => [bind1(argsortOp, params, only(xs))],
  sample: draw => ({ params: {}, args: [draw.tensor(draw.shape({ minRank: 1 }), undefined, { distinct: true })] }),
  invalid: draw => ({ params: {}, args: [draw.tensor([])] }),
})

type SortOptions = { readonly axis?: number }

const argsortAlong = (axis: number, x: Tensor): Tensor => {
  const at = orThrow(normalizeAxis('argsort', axis, x.shape.length))
  const last = x.shape.length - 1
  return moveAxis(last, at)(bind1(argsortOp, {}, moveAxis(at, last)(x)))
}

/** The positions that sort x along an axis (the last by default), as int32: ascending, stable, NaN last. */
export const argsort: AlongAxis<'argsort'> = primitive(
  argsortOp,
  dataLast<SortOptions, AlongAxis<'argsort'>>('argsort', ({ axis = -1 }, x) => argsortAlong(axis, x)),
)

const sortAlong = (axis: number, x: Tensor): Tensor => takeAlongAxis({ axis })(x, argsortAlong(axis, x))

/** x sorted along an axis (the last by default): ascending, NaN last. At ties the derivative goes by the stable order. */
export const sort: AlongAxis<'sort'> = composite(
  {
    name: 'sort',
    doc: 'Elements in ascending order along an axis.',
    apply: ({ axis }: { readonly axis: number }, [x]) => sortAlong(axis, x as Tensor),
    sample: draw => {
      const shape = draw.shape({ minRank: 1 })
      return {
        params: { axis: draw.integer(0, shape.length - 1) },
        args: [draw.tensor(shape, undefined, { distinct: true })],
      }
    },
    invalid: draw => ({ params: { axis: 1 }, args: [draw.tensor([2])] }),
  },
  dataLast<SortOptions, AlongAxis<'sort'>>('sort', ({ axis = -1 }, x) => sortAlong(axis, x)),
)
