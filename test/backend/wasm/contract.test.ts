/**
 * Contractions in WebAssembly equal those of the reference, however operands are stored and whatever the epilogue does.
 *
 * Numbers are small and whole wherever results are compared exactly: their sums do not depend on the order of terms.
 */
import { describe, expect, it } from 'vitest'
import { reference } from '../../../src/backend/reference.ts'
import { moduleBuilder } from '../../../src/backend/wasm/assembler.ts'
import { stripOf } from '../../../src/backend/wasm/contract/layout.ts'
import { planOf } from '../../../src/backend/wasm/contract/plan.ts'
import { rolesOf } from '../../../src/backend/wasm/contract/roles.ts'
import { emitContract } from '../../../src/backend/wasm/contract.ts'
import { emitNest } from '../../../src/backend/wasm/nest.ts'
import { wasmApi } from '../../../src/backend/wasm/platform.ts'
import { allocate, type Dtype, type TypedArray } from '../../../src/core/dtype.ts'
import {
  type Affine,
  along,
  apply,
  type Contract,
  constant,
  convert,
  type Expr,
  type Load,
  load,
  mapNest,
  stage,
} from '../../../src/core/kernel.ts'
import { record } from '../../../src/core/program.ts'
import { range, type Shape, sizeOf, stridesOf } from '../../../src/core/shape.ts'
import type { Op, Tensor } from '../../../src/core/types.ts'
import * as C from '../../../src/index.ts'
import { forKernels } from '../agreement.ts'
import { type Choices, dataFrom } from '../choices.ts'
import { ascending, bothEmitted, type Emit, emitsExactly, layOut, runEmitted, shuffled } from './emitting.ts'

const emitting =
  (kernel: Contract): Emit =>
  (module, slots) =>
    emitContract(module, kernel, slots)

/** Whole numbers from -12 to 11. */
const whole = (size: number, dtype: Dtype = 'float32'): TypedArray => dataFrom(size + 7, dtype, size, true)

const agrees = (kernel: Contract, inputs: readonly TypedArray[]): void => emitsExactly(kernel, emitting(kernel), inputs)

const SUM = stage('float32')

/** An operand that sees some axes of a loop, in any order, backwards or with steps: its load, and how many elements it has. */
const drawOperand = (c: Choices, input: number, sizes: Shape, sees: readonly number[]): readonly [Load, number] => {
  const order = [...sees].sort(() => c.integer(-1, 1))
  const drawn = order.map(axis => {
    const n = Math.max(1, sizes[axis] as number)
    const step = c.pick([1, 1, 1, 2, -1, -2])
    const before = c.integer(0, 1)
    const room = Math.abs(step) * (n - 1) + 1
    const index: Affine = { offset: before + (step < 0 ? room - 1 : 0), terms: [{ axis, by: step }], divisor: 1 }
    return { size: before + room + c.integer(0, 1), index }
  })
  const view = drawn.map(({ size }) => size)
  return [
    load(
      input,
      'float32',
      view,
      drawn.map(({ index }) => index),
    ),
    sizeOf(view),
  ]
}

const SIZES: readonly number[] = [1, 2, 3, 5, 7, 8, 9, 12, 17]

/** The roles that axes of the result can have. */
type Role = 'batch' | 'row' | 'column' | 'neither'

/** A contraction of drawn axes, with at most so many products. */
const drawContract = (
  c: Choices,
  epilogue: (axes: Shape) => readonly Expr[],
): { readonly kernel: Contract; readonly inputs: readonly TypedArray[] } => {
  const roles = range(0, c.integer(1, 4)).map(
    (): Role => c.pick(['batch', 'row', 'row', 'column', 'column', 'neither'] as const),
  )
  const rank = roles.length
  const terms = c.integer(0, 3)
  const sizes: number[] = []
  for (let i = 0; i < rank + terms; i++) {
    const most = 20_000 / Math.max(1, sizeOf(sizes))
    sizes.push(c.integer(0, 40) === 0 ? 0 : c.pick(SIZES.filter(n => n === 1 || n <= most)))
  }
  const sees = (role: Role): readonly number[] => [
    ...range(0, rank).filter(axis => roles[axis] === role || roles[axis] === 'batch'),
    ...range(rank, rank + terms).filter(() => c.integer(0, 6) > 0),
  ]
  const [a, sizeA] = drawOperand(c, 0, sizes, sees('row'))
  const [b, sizeB] = drawOperand(c, 1, sizes, sees('column'))
  const axes = sizes.slice(0, rank)
  const kernel: Contract = {
    tag: 'contract',
    dtype: 'float32',
    axes,
    reduce: sizes.slice(rank),
    a,
    b,
    epilogue: epilogue(axes),
  }
  return { kernel, inputs: [whole(sizeA), whole(sizeB)] }
}

/** a[m,k] · b[k,n], either one stored transposed. */
const product = (
  m: number,
  k: number,
  n: number,
  turnA = false,
  turnB = false,
  epilogue: readonly Expr[] = [SUM],
): Contract => {
  const [i, j, t] = [along(0), along(1), along(2)]
  return {
    tag: 'contract',
    dtype: 'float32',
    axes: [m, n],
    reduce: [k],
    a: turnA ? load(0, 'float32', [k, m], [t, i]) : load(0, 'float32', [m, k], [i, t]),
    b: turnB ? load(1, 'float32', [n, k], [j, t]) : load(1, 'float32', [k, n], [t, j]),
    epilogue,
  }
}

/** The product by its definition, quickly; numbers are whole. */
const multiplied = (
  { axes: [m = 0, n = 0], reduce: [k = 0], a, b }: Contract,
  [x, y]: readonly TypedArray[],
): TypedArray => {
  const strides = ({ view, index }: Load): readonly number[] => {
    const out = [0, 0, 0]
    index.forEach(({ terms }, d) => {
      for (const { axis } of terms) out[axis] = stridesOf(view)[d] as number
    })
    return out
  }
  const [ai = 0, , ak = 0] = strides(a)
  const [, bj = 0, bk = 0] = strides(b)
  const out = allocate('float32', m * n)
  for (let i = 0; i < m; i++)
    for (let t = 0; t < k; t++) {
      const factor = x?.[i * ai + t * ak] as number
      for (let j = 0; j < n; j++)
        out[i * n + j] = (out[i * n + j] as number) + factor * (y?.[j * bj + t * bk] as number)
    }
  return out
}

describe('contract in WebAssembly', () => {
  it('equals the reference for all roles of axes, in any order, stored in any order, backwards and with steps', () => {
    forKernels(300, c => {
      const { kernel, inputs } = drawContract(c, () => [SUM])
      agrees(kernel, inputs)
    })
  })

  it('equals the reference for products of all small awkward sizes', () => {
    const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 13]
    for (const m of sizes)
      for (const k of [0, 1, 3, 8])
        for (const n of sizes) agrees(product(m, k, n, m > k, n > k), [whole(m * k), whole(k * n)])
  })

  it.each(['float64', 'int32'] as const)('equals the reference in %s', dtype => {
    const of = ({ a, b, ...rest }: Contract): Contract => ({
      ...rest,
      dtype,
      a: { ...a, dtype },
      b: { ...b, dtype },
      epilogue: [stage(dtype)],
    })
    for (const [m, k, n] of [
      [9, 7, 10],
      [1, 33, 5],
      [5, 31, 1],
    ] as const)
      agrees(of(product(m, k, n)), [whole(m * k, dtype), whole(k * n, dtype)])
  })

  // Sizes at which each way to cut is taken: see contract-plan.ts.
  it.each([
    ['panels packed by each chunk', 67, 531, 301, false, false],
    ['columns that are rows in memory', 64, 129, 301, false, true],
    ['panels packed once', 403, 257, 70, false, false],
    ['rows that are columns in memory', 311, 520, 256, true, false],
    ['terms in parts', 12, 9001, 19, false, false],
    ['terms in parts, both operands by columns', 13, 5003, 40, true, true],
    ['terms in blocks, rows in pieces', 130, 4300, 60, false, true],
    ['so many parts that their sums are added up in pieces', 144, 20_000, 16, false, false],
    ['one panel of three vectors', 640, 70, 11, false, false],
    ['columns of less than a vector', 1283, 150, 3, false, false],
    ['two rows', 2, 700, 1029, false, false],
  ] as const)('equals the definition with %s', (_, m, k, n, turnA, turnB) => {
    const kernel = product(m, k, n, turnA, turnB)
    const inputs = [whole(m * k), whole(k * n)]
    const [got = allocate('float32', 0)] = runEmitted(emitting(kernel), inputs, [{ dtype: 'float32', size: m * n }])
    const wanted = multiplied(kernel, inputs)
    const at = wanted.findIndex((x: number, i: number) => x !== got[i])
    expect({ at, got: got[at] }).toEqual({ at: -1, got: undefined })
  })

  it('equals the reference where outer points share packed panels, and others do not', () => {
    const [shared, batches, m, k, n] = [2, 3, 15, 20, 9]
    const a = load(0, 'float32', [batches, m, k], [along(1), along(2), along(4)])
    const b = load(1, 'float32', [batches, n, k], [along(1), along(3), along(4)])
    const axes = [shared, batches, m, n]
    const kernel: Contract = { tag: 'contract', dtype: 'float32', axes, reduce: [k], a, b, epilogue: [SUM] }
    const roles = rolesOf(kernel)
    expect(roles === null ? null : planOf(roles, false)).toMatchObject({ packing: 'shared' })
    agrees(kernel, [whole(batches * m * k), whole(batches * n * k)])
  })

  it('takes each of these ways somewhere', () => {
    const plan = (m: number, k: number, n: number, turnA = false, turnB = false) => {
      const roles = rolesOf(product(m, k, n, turnA, turnB))
      return roles === null ? null : planOf(roles, false)
    }
    expect(plan(67, 531, 301)).toMatchObject({ packing: 'own' })
    expect(plan(403, 257, 70)).toMatchObject({ packing: 'shared' })
    expect(plan(311, 520, 256, true)).toMatchObject({ packsRows: true })
    expect(plan(12, 9001, 19)?.grid.parts).toBeGreaterThan(1)
    expect(plan(640, 70, 11)).toMatchObject({ height: 3, vectors: 3, packing: 'none' })
  })
})

/** The contractions that a function of tensors records, with data for them. */
const contractsIn = (f: (...xs: readonly Tensor[]) => unknown, shapes: readonly Shape[]): readonly Contract[] => {
  const types = shapes.map(shape => ({ shape, dtype: 'float32' as const }))
  const program = record((...xs) => [f(...xs)].flat() as readonly Tensor[], types)
  return program.equations.flatMap(({ op, params, inputs, outputs }) => {
    if (!('lower' in op)) return []
    const typesOf = (variables: readonly number[]) => variables.map(v => program.types[v] as (typeof types)[number])
    const kernel = (op as Op).lower(params, typesOf(inputs), typesOf(outputs))
    return kernel.tag === 'contract' ? [kernel] : []
  })
}

/** An operand copied with its fill values and zeros between elements, so that no coordinate misses. */
const laidOut = (operand: Load, sizes: Shape, input: TypedArray): readonly [Load, TypedArray] => {
  const hulls = operand.index.map(({ offset, terms }) =>
    terms.reduce(
      ([low, high], { axis, by }) => {
        const reach = by * (Math.max(1, sizes[axis] as number) - 1)
        return [low + Math.min(0, reach), high + Math.max(0, reach)] as const
      },
      [offset, offset] as const,
    ),
  )
  const view = hulls.map(([low, high]) => high - low + 1)
  const spread = operand.index.map(({ divisor }, d) => ({ ...along(d, 1, hulls[d]?.[0]), divisor }))
  const copy = mapNest(view, load(0, operand.dtype, operand.view, spread, operand.fill ?? 0))
  const index = operand.index.map(({ offset, terms }, d) => ({
    offset: offset - (hulls[d]?.[0] ?? 0),
    terms,
    divisor: 1,
  }))
  const [padded = input] = reference.run(copy, [input])
  return [{ ...operand, view, index, fill: null }, padded]
}

/** A recorded contraction agrees as it is, and with its operands laid out. */
const agreesBothWays = (kernel: Contract): void => {
  const inputs = [kernel.a, kernel.b].map(({ view }) => whole(sizeOf(view)))
  agrees(kernel, inputs)
  const sizes = [...kernel.axes, ...kernel.reduce]
  const [a, x] = laidOut(kernel.a, sizes, inputs[0] as TypedArray)
  const [b, y] = laidOut(kernel.b, sizes, inputs[1] as TypedArray)
  agrees({ ...kernel, a, b }, [x, y])
}

describe('contract in WebAssembly equals the reference on what is lowered from', () => {
  it('convolutions and their gradients', () => {
    forKernels(40, c => {
      const groups = c.pick([1, 1, 2, 3])
      const [inner, outer] = [c.pick([1, 2, 5]), c.pick([1, 3, 4])]
      const [height, width, taps] = [c.integer(3, 9), c.integer(3, 9), c.integer(1, 3)]
      const layout = c.pick(['NHWC', 'NCHW'] as const)
      const [strides, dilation] = [c.integer(1, 2), c.pick([1, 1, 2])]
      if (dilation * (taps - 1) + 1 > Math.min(height, width)) return
      const options = { strides, padding: c.pick(['valid', 'same'] as const), dilation, groups, layout }
      const last = layout === 'NHWC'
      const images = last ? [2, height, width, inner * groups] : [2, inner * groups, height, width]
      const kernel = last ? [taps, taps, inner, outer * groups] : [outer * groups, inner, taps, taps]
      const convolve = C.conv2d(options) as (x: Tensor, w: Tensor) => Tensor
      const f = (x: Tensor, w: Tensor): Tensor => C.sum(convolve(x, w))
      const gradients = C.grad(([x, w]: readonly [Tensor, Tensor]) => f(x, w))
      const found = contractsIn(
        (x, w) => Object.values(gradients([x as Tensor, w as Tensor]) as object),
        [images, kernel],
      )
      expect(found.length).toBeGreaterThan(1)
      found.forEach(agreesBothWays)
    })
  })

  it.each([
    ['nij,njk->nik', [3, 5, 7], [3, 7, 9]],
    ['nij,kjn->kin', [3, 5, 7], [9, 7, 3]],
    ['ij,kj->ik', [11, 6], [9, 6]],
    ['ijk,jlk->li', [4, 5, 6], [5, 9, 6]],
    ['ab,cd->acbd', [3, 4], [5, 9]],
    ['i,jk->kij', [3], [4, 5]],
    ['abij,abjk->aibk', [2, 3, 6, 5], [2, 3, 5, 10]],
  ] as const)('einsum %s', (labels, a, b) => {
    const found = contractsIn((x, y) => C.einsum(labels as never, x as Tensor, y as Tensor), [a, b])
    expect(found.length).toBe(1)
    found.forEach(agreesBothWays)
  })
})

/** Where a load of a whole result is, along its own axes. */
const wholeLoad = (input: number, dtype: Dtype, axes: Shape): Load =>
  load(
    input,
    dtype,
    axes,
    axes.map((_, i) => along(i)),
  )

describe('epilogues', () => {
  const [m, k, n] = [23, 10, 21]
  const operands = [whole(m * k), whole(k * n)]

  it('add a bias and cut off below 0', () => {
    const biased = apply('max', apply('add', SUM, load(2, 'float32', [n], [along(1)])), constant('float32', 0))
    for (const columns of [21, 8, 3, 10]) {
      const expr =
        columns === n
          ? biased
          : apply('max', apply('add', SUM, load(2, 'float32', [n], [along(1)])), constant('float32', 0))
      agrees(product(m, k, columns, false, true, [expr]), [whole(m * k), whole(k * columns), whole(n)])
    }
  })

  it('read by rows, across, backwards, one number, int32 and bool', () => {
    const loads: readonly Expr[] = [
      load(2, 'float32', [m], [along(0)]),
      load(3, 'float32', [n, m], [along(1), along(0)]),
      load(
        3,
        'float32',
        [m * n],
        [
          {
            offset: m * n - 1,
            terms: [
              { axis: 0, by: -n },
              { axis: 1, by: -1 },
            ],
            divisor: 1,
          },
        ],
      ),
      load(4, 'float32', [1], [{ offset: 0, terms: [], divisor: 1 }]),
      convert('float32', load(5, 'int32', [m, n], [along(0), along(1)])),
      convert('float32', load(6, 'bool', [m, n], [along(0), along(1)])),
    ]
    const inputs = [...operands, whole(m), whole(m * n), whole(1), whole(m * n, 'int32'), dataFrom(3, 'bool', m * n)]
    for (const expr of loads) agrees(product(m, k, n, false, false, [apply('add', SUM, expr)]), inputs)
    const all = loads.reduce((sum, expr) => apply('add', sum, expr), SUM)
    agrees(product(m, k, n, true, false, [all]), inputs)
  })

  it('have several outputs of several dtypes', () => {
    const other = wholeLoad(2, 'float32', [m, n])
    const exprs = [
      apply('gt', SUM, other),
      SUM,
      convert('int32', apply('mul', SUM, other)),
      apply('lt', SUM, constant('float32', 0)),
    ]
    agrees(product(m, k, n, false, false, exprs), [...operands, whole(m * n)])
  })

  it('may be what no vector computes, or have to be read where they may miss', () => {
    const padded = load(2, 'float32', [m, n], [along(0, 1, -1), along(1)], 5)
    agrees(product(m, k, n, false, false, [apply('add', SUM, padded)]), [...operands, whole(m * n)])
    const wide = convert('float64', SUM)
    agrees(product(m, k, n, false, false, [wide, apply('mul', wide, wide)]), operands)
    agrees(
      product(m, k, n, false, false, [apply('add', SUM, convert('float32', { tag: 'iota', dtype: 'int32', axis: 1 }))]),
      operands,
    )
  })

  it('read and write rows that are no constant step apart', () => {
    const [p, q, r, k] = [3, 2, 4, 6]
    for (const n of [9, 70]) {
      const a = load(0, 'float32', [p, r, k], [along(0), along(2), along(4)])
      const b = load(1, 'float32', [q, k, n], [along(1), along(4), along(3)])
      const axes = [p, q, r, n]
      const bias = load(2, 'float32', [r, n], [along(2), along(3)])
      const scale = load(3, 'float32', [p], [along(0)])
      const epilogue = [apply('add', SUM, apply('mul', bias, scale)), apply('gt', SUM, bias)]
      const kernel: Contract = { tag: 'contract', dtype: 'float32', axes, reduce: [k], a, b, epilogue }
      expect(rolesOf(kernel)?.out.rows.tag).toBe('table')
      agrees(kernel, [whole(p * r * k), whole(q * k * n), whole(r * n), whole(p)])
    }
  })

  it.each([
    ['a last panel that is not full', 23, 7, 133],
    ['a last vector that is not full', 11, 9, 255],
    ['full panels', 12, 5, 128],
    ['chunks side by side', 60, 64, 1053],
  ])('walk along whole rows where they read and write much: %s', (_, m, k, n) => {
    const [weights, speeds] = [wholeLoad(2, 'float32', [m, n]), wholeLoad(3, 'float32', [m, n])]
    const speed = apply('add', apply('mul', constant('float32', 0.5), speeds), SUM)
    const moved = apply('sub', weights, apply('mul', constant('float32', 0.25), speed))
    const kernel = product(m, k, n, true, false, [moved, speed, apply('gt', SUM, weights)])
    const roles = rolesOf(kernel)
    expect(roles && stripOf(roles, planOf(roles, false))).toBeGreaterThan(0)
    const inputs = [m * k, k * n, m * n, m * n].map(size => whole(size))
    const [, , w = [], v = []] = inputs
    const sums = multiplied(kernel, inputs)
    const wanted = [
      sums.map((x, i) => (w[i] as number) - 0.25 * (0.5 * (v[i] as number) + x)),
      sums.map((x, i) => 0.5 * (v[i] as number) + x),
      Uint8Array.from(sums, (x, i) => Number(x > (w[i] as number))),
    ]
    const dtypes = ['float32', 'float32', 'bool'] as const
    const got = runEmitted(
      emitting(kernel),
      inputs,
      dtypes.map(dtype => ({ dtype, size: m * n })),
    )
    for (const [output, of] of wanted.entries()) {
      const at = of.findIndex((x: number, i: number) => x !== got[output]?.[i])
      expect({ output, at, got: got[output]?.[at] }).toEqual({ output, at: -1, got: undefined })
    }
  })

  it('see whole sums, though terms come in blocks', () => {
    const expr = apply('max', SUM, constant('float32', 0))
    const kernel = product(4, 5001, 9, false, false, [expr])
    const inputs = [whole(4 * 5001), whole(5001 * 9)]
    const wanted = multiplied(kernel, inputs).map((x: number) => Math.max(x, 0))
    expect(runEmitted(emitting(kernel), inputs, [{ dtype: 'float32', size: 36 }])).toEqual([wanted])
  })

  it('apply to all roles of axes', () => {
    forKernels(120, c => {
      const { kernel, inputs } = drawContract(c, axes => {
        const seen = range(0, axes.length).filter(() => c.integer(0, 2) > 0)
        const bias = load(
          2,
          'float32',
          seen.map(axis => axes[axis] as number),
          seen.map(axis => along(axis)),
        )
        const biased = apply('add', SUM, bias)
        return c.pick([[biased], [apply('max', biased, constant('float32', 0)), apply('ge', biased, SUM)]])
      })
      agrees(kernel, [...inputs, whole(sizeOf(kernel.axes))])
    })
  })

  it.each([
    ['in one go', 23, 10, 21],
    ['after parts', 6, 9001, 17],
    ['where each chunk packs its own', 67, 531, 101],
  ])('update in place, %s', (_, m, k, n) => {
    const lr = constant('float32', 0.5)
    const kernel = product(m, k, n, true, false, [apply('sub', wholeLoad(2, 'float32', [m, n]), apply('mul', lr, SUM))])
    // The third operand is the output itself, filled by a copy.
    const emit: Emit = (module, slots) => {
      const copied = emitNest(module, mapNest([m, n], wholeLoad(2, 'float32', [m, n])), slots)
      const inPlace = { ...slots, inputs: [...slots.inputs.slice(0, 2), ...slots.outputs] }
      const { phases, scratch } = emitContract(module, kernel, inPlace)
      return { phases: [...copied.phases, ...phases], scratch: Math.max(scratch, copied.scratch) }
    }
    const inputs = [whole(m * k), whole(k * n), whole(m * n)]
    const [got = allocate('float32', 0)] = runEmitted(emit, inputs, [{ dtype: 'float32', size: m * n }])
    const sums = multiplied(kernel, inputs)
    const wanted = sums.map((x, i) => (inputs[2]?.[i] as number) - 0.5 * x)
    const at = wanted.findIndex((x, i) => x !== got[i])
    expect({ at, got: got[at] }).toEqual({ at: -1, got: undefined })
  })
})

/** Each of k products and sums errs by half an ulp of float32 of a sum that is at most k. */
const rounding = (k: number): number => k * k * 2 ** -24

describe('sums of fractions', () => {
  it.each([
    [7, 100, 11],
    [31, 300, 33],
    [3, 5000, 10],
  ])('agree to rounding: %i × %i × %i', (m, k, n) => {
    const fractions = (size: number): TypedArray => whole(size).map((x: number, i: number) => Math.sin(x + i))
    const kernel = product(m, k, n)
    for (const [got, wanted] of bothEmitted(kernel, emitting(kernel), [fractions(m * k), fractions(k * n)]))
      wanted.forEach((x: number, i: number) => {
        expect(Math.abs(x - (got[i] as number))).toBeLessThanOrEqual(rounding(k))
      })
  })

  it('are the same in whatever order chunks run, and in each run', () => {
    const [m, k, n] = [9, 20_000, 12]
    const inputs = [whole(m * k), whole(k * n)].map(x => x.map((v: number, i: number) => Math.sin(v + i)))
    const laid = layOut(emitting(product(m, k, n)), inputs, [{ dtype: 'float32', size: m * n }])
    expect(Math.max(...laid.emitted.phases.map(({ chunks }) => chunks))).toBeGreaterThan(1)
    laid.run(ascending)
    const [once] = laid.outputs()
    laid.run(shuffled)
    expect(laid.outputs()[0]).toEqual(once)
  })
})

/** For each phase and byte of outputs and scratch memory, how many chunks change it when they run alone. */
const writers = (kernel: Contract, inputs: readonly TypedArray[]): readonly Uint8Array[] => {
  const module = moduleBuilder()
  const { phases, scratch } = emitContract(module, kernel, { inputs: [0, 1], outputs: [2], scratch: 3 })
  const { bytes, data } = module.finish(
    false,
    phases.map(({ fn }) => fn),
  )
  const sizes = [...inputs.map(x => x.byteLength), 4 * sizeOf(kernel.axes), scratch, data.length]
  const at = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, n) => sum + n, 64))
  const memory = new wasmApi.Memory({ initial: 64, maximum: 65536, shared: false })
  const u8 = new Uint8Array(memory.buffer)
  new Uint32Array(memory.buffer, 0, 4).set(at.slice(0, 4))
  u8.set(data, at[4])
  inputs.forEach((x, i) => {
    u8.set(new Uint8Array(x.buffer), at[i])
  })
  const { exports } = new wasmApi.Instance(new wasmApi.Module(bytes), {
    env: { memory, data: new wasmApi.Global({ value: 'i32' }, at[4] as number) },
    math: {},
  })
  const [from, end] = [at[2] as number, at[4] as number]
  return phases.map(({ chunks }, phase) => {
    const count = new Uint8Array(end - from)
    const before = u8.slice(from, end)
    for (let chunk = 0; chunk < chunks; chunk++) {
      u8.set(before, from)
      ;(exports[phase] as (frame: number, chunk: number) => void)(0, chunk)
      for (let i = 0; i < count.length; i++) if (u8[from + i] !== before[i]) count[i] = (count[i] as number) + 1
    }
    return count
  })
}

describe('chunks of a phase', () => {
  // Epilogues need room for a tile besides.
  it.each([
    ['own panels', product(67, 531, 301)],
    ['shared panels', product(403, 257, 70)],
    ['own rows', product(311, 520, 256, true)],
    ['parts', product(12, 9001, 19)],
    ['room for a tile', product(67, 531, 301, false, false, [apply('max', SUM, constant('float32', 0))])],
  ] as const)('write to memory of their own: %s', (_, kernel) => {
    const inputs = [kernel.a, kernel.b].map(({ view }) => whole(sizeOf(view)))
    const counts = writers(kernel, inputs)
    expect(counts.some(count => count.includes(1))).toBe(true)
    for (const count of counts) expect(count.findIndex(n => n > 1)).toBe(-1)
  })
})

describe('operands', () => {
  it.each([
    [5, 3, 9],
    [6, 4, 11],
    [12, 3, 2],
    [3, 6, 7],
    [10, 8, 3],
  ])('may end where memory does: %i × %i × %i', (m, k, n) => {
    const module = moduleBuilder()
    const { phases, scratch } = emitContract(module, product(m, k, n), { inputs: [0, 1], outputs: [2], scratch: 3 })
    const { bytes, data } = module.finish(
      false,
      phases.map(({ fn }) => fn),
    )
    for (const last of [0, 1]) {
      const memory = new wasmApi.Memory({ initial: 2, maximum: 65536, shared: false })
      const top = memory.buffer.byteLength
      const sizes = [4 * m * k, 4 * k * n, 4 * m * n, scratch, data.length]
      const at = sizes.map((n, i) => (i === last ? top - n : 4096 + 16384 * i))
      new Uint32Array(memory.buffer, 0, 4).set(at.slice(0, 4))
      new Uint8Array(memory.buffer).set(data, at[4])
      const address = new wasmApi.Global({ value: 'i32' }, at[4] as number)
      const env = { memory, data: address }
      const { exports } = new wasmApi.Instance(new wasmApi.Module(bytes), { env, math: {} })
      phases.forEach(({ chunks }, phase) => {
        for (let chunk = 0; chunk < chunks; chunk++)
          (exports[phase] as (frame: number, chunk: number) => void)(0, chunk)
      })
    }
  })
})

/** Whether a module with relaxed multiply-add is one here. */
const relaxed = (): boolean => {
  const module = moduleBuilder()
  module.define(null, [], ['v128'], code => {
    const zero = code.local('v128')
    for (let i = 0; i < 3; i++) code.get(zero)
    code.op('f32x4.relaxed_madd')
  })
  return wasmApi.validate(module.finish(false).bytes)
}

describe('fused multiply-add', () => {
  it.runIf(relaxed())('gives the same for whole numbers', () => {
    for (const [m, k, n] of [
      [67, 531, 301],
      [12, 9001, 19],
      [13, 9, 8],
    ] as const) {
      const kernel = product(m, k, n)
      const inputs = [whole(m * k), whole(k * n)]
      const emit: Emit = (module, slots) => emitContract(module, kernel, slots, { fma: true })
      expect(runEmitted(emit, inputs, [{ dtype: 'float32', size: m * n }])).toEqual([multiplied(kernel, inputs)])
    }
  })
})
