/**
 * linearize and linearTranspose: derivatives as linear functions to call many times.
 *
 * Layer: transform. Read first: linear.ts.
 */
import { isFloat } from '../core/dtype.ts'
import { dtypeError, fail, treeError } from '../core/errors.ts'
import { inputTypes, record, run } from '../core/program.ts'
import { showType } from '../core/tensor.ts'
import { typesOf } from '../core/trace.ts'
import { flattenWithPaths, sameTree, tensorsOf, unflatten } from '../core/tree.ts'
import type { Maybe, Tensor } from '../core/types.ts'
import {
  type Argument,
  type Arguments,
  checkLike,
  flattenFunction,
  liftArguments,
  liftLike,
  type TensorTree,
} from './arguments.ts'
import { filled, flattenArguments, floats, pick, placed } from './derive.ts'
import { jvpFlat } from './jvp.ts'
import { transposeProgram } from './linear.ts'

/** Leaves of a tree like another, or the error that says where they differ. */
const likeTree = (
  op: string,
  what: string,
  tree: unknown,
  shape: Parameters<typeof unflatten>[0],
  like: readonly Tensor[],
): readonly Maybe[] => {
  const lifted = liftLike(tree, like)
  const [xs, found] = tensorsOf(op, what, lifted)
  sameTree(op, shape, found)
  const [leaves] = flattenWithPaths(lifted)
  return xs.map((x, i) => checkLike(op, `${what}${leaves[i]?.path}`, x, ['value', like[i] as Tensor]))
}

/**
 * The value of f at some arguments, and its derivative there as a linear function: linearize(f)(…args) is
 * [y, (…tangents) => dy]. What does not depend on the tangents is computed once, so that many directions cost little more than
 * their linear part (but for ops that hold programs, as `call` and `scan`, which compute it again); `jvp` for one direction.
 *
 * As `jax.linearize`.
 * @throws TreeError, ShapeError or DtypeError when tangents do not match the arguments
 * @example
 * const [y, df] = linearize((x: Tensor) => sin(x))(0)
 * df(1) // 1
 */
export const linearize =
  <Args extends readonly unknown[], Y>(f: (...args: Args) => Y) =>
  (...args: Arguments<Args>): readonly [Y, (...tangents: Arguments<Args>) => Y] => {
    const [xs, shape] = flattenArguments('linearize', liftArguments(args) as readonly unknown[])
    const { flat, outShape } = flattenFunction('linearize', f as (...args: readonly unknown[]) => unknown, shape)
    const active = floats(typesOf(xs))
    let ys: readonly Tensor[] = []
    const program = record(
      (...ts) => {
        const all = placed(active, ts)
        const [values, dys] = jvpFlat(flat, xs, all)
        ys = values
        return filled(dys, typesOf(values))
      },
      pick(typesOf(xs), active),
      'linearize',
    )
    const structure = outShape()
    return [
      unflatten<Y>(structure, ys),
      (...tangents) => {
        const ts = likeTree('linearize', 'tangent', tangents, shape, xs)
        return unflatten<Y>(structure, run(program)(...pick(filled(ts, typesOf(xs)), active)))
      },
    ]
  }

/**
 * The transpose of a linear function: linearTranspose(f)(…args) is (ct => tree of arguments), for arguments whose values do not
 * matter, only shapes and dtypes. ⟨ct, f(x)⟩ = ⟨linearTranspose(f)(x)(ct), x⟩.
 *
 * As `jax.linear_transpose`.
 * @throws RuleError when f is not linear, as far as that shows outside of `call`, `scan` and `cond`; DtypeError for arguments that are no floats; errors as `vjp` for the cotangent
 * @example
 * linearTranspose((x: Tensor) => sum({ axis: 0 })(x))(zeros([2, 3]))(tensor([1, 2, 3])) // [[[1, 2, 3], [1, 2, 3]]]
 */
export const linearTranspose =
  <Args extends readonly unknown[], Y>(f: (...args: Args) => Y) =>
  <const A extends Arguments<Args>>(...args: A): ((ct: Argument<Y>) => TensorTree<A>) => {
    const [xs, shape] = flattenArguments('linearTranspose', liftArguments(args) as readonly unknown[])
    const odd = xs.find(x => !isFloat(x.dtype))
    if (odd !== undefined)
      return fail(dtypeError('linearTranspose', `takes floats, got ${showType(odd)}: close over it instead`))
    const { flat, outShape } = flattenFunction('linearTranspose', f as (...args: readonly unknown[]) => unknown, shape)
    const program = record(flat, typesOf(xs), 'linearTranspose')
    const structure = outShape()
    const types = program.outputs.map(v => program.types[v])
    const dependent = new Set([...program.inputs, ...program.equations.flatMap(eq => eq.outputs)])
    if (program.outputs.some(v => !dependent.has(v)))
      return fail(
        treeError('linearTranspose', 'a result does not depend on the arguments, so the function is not linear'),
      )
    return ct => {
      const like = filled(
        types.map(() => null),
        types as readonly { shape: readonly number[]; dtype: 'float32' }[],
      )
      const cts = likeTree('linearTranspose', 'cotangent', ct, structure, like)
      return unflatten<TensorTree<A>>(shape, filled(transposeProgram(program, cts), inputTypes(program)))
    }
  }
