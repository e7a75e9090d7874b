/**
 * cond and switchCase: one of several functions, chosen by a tensor.
 *
 * Layer: transform. One op: an int32 index and the operands; all branches are traced, one is run. Under `vmap` with an index
 * for each example, all are run and elements chosen. Read first: derive.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { describe, dtypeError, fail, shapeError, treeError, valueError } from '../core/errors.ts'
import { outputTypes, run } from '../core/program.ts'
import { showShape } from '../core/shape.ts'
import type { TensorLike } from '../core/shape-types.ts'
import { cellOf, isTensor, scalar, showType } from '../core/tensor.ts'
import { bind, typesOf } from '../core/trace.ts'
import { treeDifference, unflatten } from '../core/tree.ts'
import type { Operation, Program, Tensor } from '../core/types.ts'
import { strong } from '../core/weak.ts'
import { clip } from '../ops/arithmetic.ts'
import { cast, eq, where } from '../ops/comparison.ts'
import { liftOne } from '../ops/define.ts'
import { reshape } from '../ops/movement.ts'
import { type Arguments, liftArguments, type TensorTree } from './arguments.ts'
import {
  type Body,
  dualProgram,
  filled,
  flattenArguments,
  floats,
  forwardProgram,
  pick,
  placed,
  recordBody,
  splitDual,
  vjpProgram,
  vmapProgram,
} from './derive.ts'

type Branches = { readonly branches: readonly Program[] }

const firstOf = ({ branches }: Branches): Program => branches[0] as Program

/** All branches on a batch, and of each result the elements of the branch that the index names. */
const choose = (branches: readonly Program[], index: Tensor, xs: readonly Tensor[]): readonly Tensor[] => {
  const [first = [], ...others] = branches.map(branch => run(branch)(...xs))
  return others.reduce<readonly Tensor[]>(
    (chosen, results, i) =>
      chosen.map((y, k) => {
        const mine = eq(index, i + 1)
        return where(reshape([...mine.shape, ...y.shape.slice(1).map(() => 1)])(mine), results[k] as Tensor, y)
      }),
    first,
  )
}

const condOp: Operation<Branches> = {
  name: 'cond',
  doc: 'Runs the program that an index names.',
  constant: false,
  infer: params => E.right(outputTypes(firstOf(params))),
  evaluate: ({ branches }, [index, ...xs]) => {
    const i = Math.min(Math.max(cellOf(index as Tensor)[0] ?? 0, 0), branches.length - 1)
    return run(branches[i] as Program)(...xs)
  },
  dual: (params, [index, ...xs], [, ...ts]) => {
    const active = ts.map(t => t !== null)
    const branches = params.branches.map(branch => dualProgram(branch, active))
    const results = bind(condOp, { branches }, index as Tensor, ...xs, ...(pick(ts, active) as readonly Tensor[]))
    return splitDual(results, outputTypes(firstOf(params)))
  },
  vjp: (params, [index, ...xs], [, ...active]) => {
    const outs = outputTypes(firstOf(params))
    const backwards = { branches: params.branches.map(branch => vjpProgram(branch, active)) }
    return [
      bind(condOp, { branches: params.branches.map(b => forwardProgram(b, active)) }, index as Tensor, ...xs),
      cts => [
        null,
        ...placed(active, bind(condOp, backwards, index as Tensor, ...xs, ...pick(filled(cts, outs), floats(outs)))),
      ],
    ]
  },
  batch: ({ branches }, [index, ...xs], [chosenByExample, ...mapped], n) => {
    const batched = branches.map(branch => vmapProgram(branch, mapped, n))
    return chosenByExample
      ? choose(batched, clip({ min: 0, max: branches.length - 1 })(index as Tensor), xs)
      : bind(condOp, { branches: batched }, index as Tensor, ...xs)
  },
}

/** Refuses branches whose results differ in structure, shapes or dtypes. */
const checkAlike = (op: string, [first, a]: readonly [Body, string], [other, b]: readonly [Body, string]): void => {
  const difference = treeDifference(first.outShape, other.outShape)
  if (difference !== undefined) fail(treeError(op, `the results of ${a} and ${b} differ ${difference}`))
  const [mine, theirs] = [outputTypes(first.program), outputTypes(other.program)]
  mine.forEach((type, i) => {
    const found = theirs[i] ?? type
    if (showType(type) !== showType(found))
      fail(
        shapeError(
          op,
          `the branches differ: leaf ${i} is ${showType(type)} from ${a}, ${showType(found)} from ${b}; all must give the same shapes and dtypes`,
        ),
      )
  })
}

/** Programs that take the same arguments: the operands, and then what each of them captures. */
const alignBranches = (
  op: string,
  fs: readonly unknown[],
  xs: readonly Tensor[],
  shape: Parameters<typeof recordBody>[2],
): { readonly bodies: readonly Body[]; readonly captured: readonly Tensor[] } => {
  const alone = fs.map(f => recordBody(op, f, shape, typesOf(xs), xs))
  const captured = [...new Set(alone.flatMap(body => body.captured))]
  // Each branch again, with all that any of them captures as arguments.
  const bodies = alone.map((body): Body => {
    const places = body.captured.map(x => captured.indexOf(x))
    const flat = (...all: readonly unknown[]): unknown => {
      const own = all as readonly Tensor[]
      return run(body.program)(...own.slice(0, xs.length), ...places.map(i => own[xs.length + i] as Tensor))
    }
    const leaves = [...xs, ...captured].map(() => ({ tag: 'leaf' as const }))
    const again = recordBody(op, flat, { tag: 'array', items: leaves }, typesOf([...xs, ...captured]))
    return { ...again, outShape: body.outShape }
  })
  return { bodies, captured }
}

/** Binds `cond` on branches, each with the name that messages call it by. */
const branching = (
  op: string,
  fs: readonly (readonly [f: unknown, name: string])[],
  index: Tensor,
  args: readonly unknown[],
): unknown => {
  const [xs, shape] = flattenArguments(op, liftArguments(args) as readonly unknown[])
  const { bodies, captured } = alignBranches(
    op,
    fs.map(([f]) => f),
    xs,
    shape,
  )
  const [first, ...others] = bodies
  if (first === undefined) return fail(valueError(op, 'needs at least one branch'))
  others.forEach((body, i) => {
    checkAlike(op, [first, fs[0]?.[1] ?? ''], [body, fs[i + 1]?.[1] ?? ''])
  })
  const branches = bodies.map(body => body.program)
  return unflatten(first.outShape, bind(condOp, { branches }, index, ...xs.map(strong), ...captured))
}

const scalarOnly = (op: string, what: string, x: Tensor): Tensor =>
  x.shape.length === 0
    ? x
    : fail(shapeError(op, `${what} must be a scalar, got ${showShape(x.shape)}; for one of each element use where`))

/**
 * `onTrue(…args)` if the predicate holds, else `onFalse(…args)`. Both are traced, one is run; both must return trees of the same
 * structure, shapes and dtypes. Under `vmap` with a predicate for each example, both are run and results chosen as by `where`.
 *
 * As `jax.lax.cond`. Derivatives are those of the branch taken; under `vmap`, a gradient taken from outside passes both, as with `where`.
 * @throws ShapeError or TreeError when the branches differ, naming the leaf; DtypeError unless the predicate is a bool scalar;
 *   TraceError when a branch reads a value or returns a promise
 * @example
 * const safeLog = (x: Tensor) => cond((y: Tensor) => log(y), (y: Tensor) => zerosLike(y))(gt(x, 0), x)
 * safeLog(tensor(-1)) // 0
 */
export const cond =
  <Args extends readonly unknown[], Y>(
    onTrue: (...args: Args) => Y,
    onFalse: (...args: NoInfer<{ -readonly [K in keyof Args]: TensorTree<Args[K]> }>) => Y,
  ) =>
  (predicate: TensorLike, ...args: Arguments<Args>): Y => {
    const holds = liftOne('cond', typeof predicate === 'boolean' ? scalar(predicate) : predicate)
    if (holds.dtype !== 'bool')
      return fail(
        dtypeError('cond', `the predicate must be bool, got ${showType(holds)}: compare first, as in gt(x, 0)`),
      )
    const index = cast('int32')(scalarOnly('cond', 'the predicate', holds))
    const branches = [
      [onFalse, 'onFalse'],
      [onTrue, 'onTrue'],
    ] as const
    return branching('cond', branches, index, args) as Y
  }

/**
 * `branches[index](…args)`: as `cond`, among several. An index out of range takes the nearest branch, as `jax.lax.switch` does.
 * @throws ShapeError or TreeError when the branches differ; DtypeError unless the index is an int32 scalar; ValueError without branches
 * @example
 * switchCase([sin, cos, neg])(1, tensor(0)) // 1
 */
export const switchCase =
  <Args extends readonly unknown[], Y>(branches: readonly ((...args: Args) => Y)[]) =>
  (index: TensorLike, ...args: Arguments<Args>): Y => {
    if (!Array.isArray(branches) || branches.length === 0)
      return fail(valueError('switchCase', `takes a list of at least one function, got ${describe(branches)}`))
    const at = isTensor(index)
      ? index
      : Number.isInteger(index)
        ? scalar(Number(index), 'int32')
        : fail(valueError('switchCase', `${describe(index)} is no index: use a whole number or an int32 tensor`))
    if (at.dtype !== 'int32')
      return fail(dtypeError('switchCase', `the index must be int32, got ${showType(at)}; convert with cast('int32')`))
    const named = branches.map((f, i) => [f, `branch ${i}`] as const)
    return branching('switchCase', named, scalarOnly('switchCase', 'the index', at), args) as Y
  }
