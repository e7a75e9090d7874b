import { describe, expect, it } from 'vitest'
import { tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  arange,
  argmax,
  concat,
  conv2d,
  dot,
  einsum,
  gather,
  grad,
  jvp,
  matmul,
  matrixTranspose,
  mul,
  oneHot,
  outer,
  reshape,
  scatterAdd,
  sin,
  slice,
  sort,
  square,
  stack,
  sum,
  take,
  takeAlongAxis,
  transpose,
  vmap,
  where,
  zeros,
} from '../../src/index.ts'
import { expectClose, expectSame, i32, mistake, wavy } from '../support/values.ts'

const row = (x: Tensor, i: number): Tensor => reshape(x.shape.slice(1))(slice([[i, i + 1]])(x))
/** The definition: f of every row, stacked. */
const loop = (f: (...xs: readonly Tensor[]) => Tensor, ...xs: readonly Tensor[]): Tensor =>
  stack(Array.from({ length: xs[0]?.shape[0] ?? 0 }, (_, i) => f(...xs.map(x => row(x, i)))))

describe('vmap', () => {
  it('is a loop over rows, in one go', () => {
    expectClose(
      vmap(dot)(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        tensor([
          [5, 6],
          [7, 8],
        ]),
      ),
      [17, 53],
    )
  })

  const ops: { readonly [name: string]: (x: Tensor, y: Tensor) => Tensor } = {
    'matmul with a shared matrix': x => matmul(x, wavy([3, 2], 9)),
    'a product of shared and mapped': x => mul(wavy([4, 2, 3], 3), x),
    'a row with a matrix': (x, y) => add(x, slice([[0, 1]])(y)),
    einsum: (x, y) => einsum('ij,kj->ik', x, y),
    outer: (x, y) => outer(reshape([6])(x), reshape([6])(y)),
    concat: (x, y) => concat({ axis: 1 })([x, wavy([2, 1], 4), y]),
    sort: x => sort({ axis: 0 })(x),
    take: x => take({ axis: 1 })(x, i32([2, 0])),
    'take at mapped positions': (x, y) => take({ axis: 0 })(wavy([3, 2], 1), argmax({ axis: 1 })(add(x, y))),
    takeAlongAxis: (x, y) => takeAlongAxis({ axis: 1 })(x, argmax({ axis: 1, keepDims: true })(y)),
    gather: x =>
      gather()(
        x,
        i32([
          [1, 2],
          [0, 0],
        ]),
      ),
    scatterAdd: (x, y) => scatterAdd()(x, i32([[1], [1]]), y),
    oneHot: x => oneHot({ classes: 3, dtype: 'float64' })(argmax({ axis: 1 })(x)),
    where: (x, y) => where(tensor([[true], [false]]), x, y),
    'a constant result': () => wavy([2], 8),
    'an argument as it is': x => x,
    conv2d: (x, y) => conv2d({ padding: 'same' })(reshape([1, 2, 3, 1])(x), reshape([2, 3, 1, 1])(y)),
  }
  for (const [name, f] of Object.entries(ops))
    it(`agrees with the loop: ${name}`, () => {
      const [xs, ys] = [wavy([4, 2, 3], 0), wavy([4, 2, 3], 5)]
      expectSame(
        vmap(f)(xs, ys),
        loop((x, y) => f(x as Tensor, y as Tensor), xs, ys),
        1e-12,
      )
      const shared = ys.shape.length === 3 ? row(ys, 0) : ys
      const left = vmap(f, { inAxes: [0, null] })(xs, shared)
      expectSame(
        left,
        loop(x => f(x as Tensor, shared), xs),
        1e-12,
      )
      const right = vmap(f, { inAxes: [null, 0] })(shared, xs)
      expectSame(
        right,
        loop(y => f(shared, y as Tensor), xs),
        1e-12,
      )
    })

  it('works without any op, on constants and for a batch of none', () => {
    const xs = tensor([
      [1, 2],
      [3, 4],
    ])
    expect(toArray(vmap((x: Tensor) => x)(xs))).toEqual(toArray(xs))
    expect(toArray(vmap((_x: Tensor) => tensor([7, 8]))(xs))).toEqual([
      [7, 8],
      [7, 8],
    ])
    expect(toArray(vmap((_x: Tensor) => 5 as unknown as Tensor)(xs))).toEqual([5, 5])
    expect(vmap((x: Tensor) => mul(sum(x), 2))(zeros([0, 3])).shape).toEqual([0])
  })

  it('nests', () => {
    const [x, y] = [wavy([2, 3]), wavy([4, 3], 1)]
    const table = vmap((a: Tensor) => vmap((b: Tensor) => dot(a, b))(y))(x)
    expectSame(table, matmul(x, transpose(y)), 1e-12)
    const shared = vmap(vmap(dot, { inAxes: [null, 0] }), { inAxes: [0, null] })(x, y)
    expectSame(shared, table, 1e-12)
  })

  it('sees the shape of one example', () => {
    const seen: unknown[] = []
    vmap((x: Tensor) => {
      seen.push(x.shape)
      return vmap((y: Tensor) => {
        seen.push(y.shape)
        return y
      })(x)
    })(zeros([5, 4, 3]))
    expect(seen).toEqual([[4, 3], [3]])
  })
})

describe('axes', () => {
  const x = wavy([2, 3, 4])

  it('in: any axis may be the batch, counted from either end', () => {
    for (const axis of [0, 1, 2, -1, -2, -3]) {
      const moved = axis < 0 ? axis + 3 : axis
      const order = [moved, ...[0, 1, 2].filter(i => i !== moved)]
      expectSame(vmap((v: Tensor) => sin(v), { inAxes: axis })(x), sin(transpose(order)(x)), 0)
    }
  })

  it('out: the batch axis goes where it is wanted, counted from either end of the result', () => {
    const f = (v: Tensor): Tensor => mul(v, 2)
    expect([0, 1, 2, -1, -2, -3].map(outAxes => vmap(f, { outAxes })(x).shape)).toEqual([
      [2, 3, 4],
      [3, 2, 4],
      [3, 4, 2],
      [3, 4, 2],
      [3, 2, 4],
      [2, 3, 4],
    ])
    expectSame(vmap(f, { inAxes: 1, outAxes: 1 })(x), f(x), 0)
    expectSame(vmap(f, { inAxes: -1, outAxes: -1 })(x), f(x), 0)
  })

  it('in and out may be trees: numbers for whole subtrees, null for what is shared', () => {
    const f = (p: { readonly w: Tensor; readonly b: Tensor }, v: readonly [Tensor, Tensor]) => ({
      y: add(matmul(v[0], p.w), p.b),
      z: v[1],
    })
    const params = { w: wavy([3, 2]), b: wavy([5, 2], 1) }
    const batch = [wavy([3, 5], 2), wavy([4, 5], 3)] as const
    const out = vmap(f, { inAxes: [{ w: null, b: 0 }, 1], outAxes: { y: 1, z: 0 } })(params, batch)
    expect([out.y.shape, out.z.shape]).toEqual([
      [2, 5],
      [5, 4],
    ])
    expectSame(matrixTranspose(out.y), add(matmul(matrixTranspose(batch[0]), params.w), params.b), 1e-12)
    const same = vmap(f, { inAxes: [{ w: null, b: 0 }, [1, 1]] })(params, batch)
    expectSame(same.z, out.z, 0)
  })

  it('an argument with axis null may be a number', () => {
    expect(toArray(vmap((v: Tensor, k: Tensor) => mul(v, k), { inAxes: [0, null] })(tensor([1, 2]), 3))).toEqual([3, 6])
  })

  it('sizes that differ: the message names both arguments', () => {
    expect(
      mistake(() => vmap((p: { readonly a: Tensor }, y: Tensor) => add(p.a, y))({ a: zeros([3]) }, zeros([2, 1]))),
    ).toBe('ShapeError: vmap: batch axes differ in size: 3 in argument[0].a [3], 2 in argument[1] [2,1]')
  })

  it('an axis that is not there: the message names the argument', () => {
    expect(mistake(() => vmap((p: { readonly a: Tensor }) => p.a, { inAxes: 1 })({ a: zeros([3]) }))).toBe(
      'AxisError: vmap: argument[0].a is [3], which has no axis 1 to map over',
    )
    expect(mistake(() => vmap((v: Tensor) => v)(2))).toBe(
      'AxisError: vmap: argument[0] is [], which has no axis 0 to map over',
    )
    expect(mistake(() => vmap((v: Tensor) => v, { outAxes: 2 })(zeros([3])))).toBe(
      'AxisError: vmap: axis 2 is out of range for rank 1: use -1 to 0',
    )
  })

  it('no batch axis at all, too few or too many axes, null for a result', () => {
    const id = (v: Tensor): Tensor => v
    expect(mistake(() => vmap(id, { inAxes: [null] })(zeros([3])))).toBe(
      'TreeError: vmap: no argument has a batch axis: give at least one an axis in inAxes',
    )
    expect(mistake(() => vmap(dot, { inAxes: [0] })(zeros([3]), zeros([3])))).toBe(
      'TreeError: vmap: inAxes names [0] where there are [0,1]',
    )
    expect(mistake(() => vmap((p: { readonly w: Tensor }) => p.w, { inAxes: [{ v: 0 }] })({ w: zeros([3]) }))).toBe(
      'TreeError: vmap: inAxes names [v] where there are [w]',
    )
    expect(mistake(() => vmap(id, { inAxes: [[0]] })(zeros([3])))).toContain(
      'inAxes has more structure than what it describes',
    )
    expect(mistake(() => vmap(id, { outAxes: null })(zeros([3])))).toContain(
      'outAxes is null for result 0, which differs along the batch',
    )
  })

  it('leaves that are no tensors: the message names their path', () => {
    expect(mistake(() => vmap((p: { readonly name: string }) => tensor(p.name.length))({ name: 'x' } as never))).toBe(
      'TreeError: vmap: argument[0].name is "x", not a tensor',
    )
  })
})

describe('vmap with derivatives', () => {
  const xs = wavy([3, 2])

  it('vmap of grad gives gradients for each example', () => {
    expectSame(vmap(grad((x: Tensor) => sum(mul(square(x), x))))(xs), mul(square(xs), 3), 1e-12)
  })

  it('gradients for each example of shared parameters', () => {
    const loss = (w: Tensor, x: Tensor): Tensor => sum(square(mul(w, x)))
    const w = wavy([2], 1)
    const each = vmap(grad(loss), { inAxes: [null, 0] })(w, xs)
    expectSame(each, mul(mul(2, w), square(xs)), 1e-12)
    expectSame(sum({ axis: 0 })(each), grad((v: Tensor) => sum(vmap(loss, { inAxes: [null, 0] })(v, xs)))(w), 1e-12)
  })

  it('jvp of vmap and vmap of jvp are the same', () => {
    const f = (x: Tensor): Tensor => mul(sin(x), sum(x))
    const ts = wavy([3, 2], 4)
    const [y, dy] = jvp((v: Tensor) => vmap(f)(v))([xs], [ts])
    const each = vmap((x: Tensor, t: Tensor) => jvp(f)([x], [t]))(xs, ts)
    expectSame(each[0], y, 0)
    expectSame(each[1], dy, 1e-12)
  })

  it('the Jacobian by columns (jvp) is the Jacobian by rows (vjp of grad of each result)', () => {
    const f = (x: Tensor): Tensor => stack([sum(square(x)), sin(sum(x)), sum(mul(x, arangeLike(x)))])
    const x = wavy([4])
    const columns = vmap((t: Tensor) => jvp(f)([x], [t])[1], { outAxes: 1 })(eye4)
    const rows = stack([0, 1, 2].map(i => grad((v: Tensor) => reshape([])(slice([[i, i + 1]])(f(v))))(x)))
    expectSame(columns, rows, 1e-12)
  })
})

const eye4 = tensor(
  [0, 1, 2, 3].map(i => [0, 1, 2, 3].map(k => (i === k ? 1 : 0))),
  { dtype: 'float64' },
)
const arangeLike = (x: Tensor): Tensor => arange(0, x.shape[0] ?? 0, 1, { dtype: x.dtype })
