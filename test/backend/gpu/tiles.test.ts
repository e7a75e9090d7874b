/**
 * Products by tiles: which contractions are, that sums in parts are the sums, and what shaders of ours compute.
 */
import { describe, expect, it } from 'vitest'
import { lowerPlan } from '../../../src/backend/gpu/lower.ts'
import { inParts, type Product, productOf } from '../../../src/backend/gpu/product.ts'
import type { GpuKernel } from '../../../src/backend/gpu/source.ts'
import { compileProgram } from '../../../src/compile/compile.ts'
import type { Contract } from '../../../src/core/kernel.ts'
import * as ct from '../../../src/index.ts'
import { right } from '../../support/either.ts'
import { wavy } from '../../support/values.ts'
import { hasWebGpu, opened } from './backends.ts'
import { contexts, runnerOf } from './rig.ts'

type Tensor = ct.Tensor
type F = (...xs: readonly Tensor[]) => unknown

const [cpu] = await contexts()

const planFor = (f: F, args: readonly Tensor[]) =>
  compileProgram(ct.makeProgram((...xs: readonly Tensor[]) => ct.treeLeaves(f(...xs)) as readonly Tensor[])(...args), {
    fuse: { maxInputs: 8 },
  })
const contractOf = (f: F, args: readonly Tensor[]): Contract =>
  planFor(f, args).steps.flatMap(step =>
    step.tag === 'run' && step.kernel.tag === 'contract' ? [step.kernel] : [],
  )[0] as Contract
const product = (f: F, args: readonly Tensor[]): Product => productOf(contractOf(f, args)) as Product

const draw = (shape: readonly number[], phase: number): Tensor => wavy(shape, phase, 'float32')
const matmul: F = (a, b) => ct.matmul(a as Tensor, b as Tensor)
const turned = (x: Tensor): Tensor => ct.transpose([1, 0])(x) as Tensor
const convolve = (x: Tensor, w: Tensor): Tensor => ct.conv2d({ padding: 'same' })(x, w) as Tensor
const convolutionGrads: F = (x, w) =>
  ct.grad((x: Tensor, w: Tensor) => ct.sum(ct.square(convolve(x, w))), { argnums: [0, 1] })(x as Tensor, w as Tensor)

describe('a contraction as a product', () => {
  it('has the rows of its first operand and the columns of its second', () => {
    const { rows, columns, terms, outer, tile, groups } = product(matmul, [draw([70, 150], 1), draw([150, 130], 2)])
    expect({ rows, columns, terms, outer }).toEqual({
      rows: [{ size: 70, a: 150, b: 0, out: 130 }],
      columns: [{ size: 130, a: 0, b: 1, out: 1 }],
      terms: [{ size: 150, a: 1, b: 130, out: 0 }],
      outer: [],
    })
    expect({ tile, groups }).toEqual({ tile: { rows: 64, columns: 64 }, groups: [3, 2, 1] })
  })
  it('has a product for each of a batch', () => {
    const { outer, groups } = product(matmul, [draw([3, 80, 80], 1), draw([3, 80, 80], 2)])
    expect(outer).toEqual([{ size: 3, a: 6400, b: 6400, out: 6400 }])
    expect(groups).toEqual([2, 2, 3])
  })
  it('is none when it is too small, too thin, or of integers', () => {
    expect(productOf(contractOf(matmul, [draw([64, 64], 1), draw([64, 64], 2)]))).toBeNull()
    expect(productOf(contractOf(matmul, [draw([2000, 600], 1), draw([600, 2], 2)]))).toBeNull()
    const int = ct.ones([128, 128], { dtype: 'int32' })
    expect(productOf(contractOf(matmul, [int, int]))).toBeNull()
  })
  it('is in parts where there are few tiles and many terms', () => {
    const kernel = contractOf(matmul, [draw([16, 9000], 1), draw([9000, 16], 2)])
    const { sums, parts } = inParts(kernel, productOf(kernel) as Product)
    expect(parts).toBe(30)
    expect([sums.axes, sums.reduce]).toEqual([[30, 16, 16], [300]])
    const many = contractOf(matmul, [draw([1030, 600], 1), draw([600, 1030], 2)])
    expect(inParts(many, productOf(many) as Product)).toEqual({ sums: many, parts: 1 })
  })
})

/** Sides that are no multiples of tiles, operands either way round, batches, convolutions and both their gradients. */
const programs: readonly (readonly [string, F, readonly Tensor[]])[] = [
  ['whole tiles', matmul, [draw([128, 128], 1), draw([128, 128], 2)]],
  ['parts of tiles', matmul, [draw([131, 77], 1), draw([77, 113], 2)]],
  ['a turned', (a, b) => ct.matmul(turned(a as Tensor), b as Tensor), [draw([301, 67], 1), draw([301, 70], 2)]],
  ['b turned', (a, b) => ct.matmul(a as Tensor, turned(b as Tensor)), [draw([67, 301], 1), draw([70, 301], 2)]],
  ['with itself', a => ct.matmul(a as Tensor, turned(a as Tensor)), [draw([70, 301], 1)]],
  ['a batch', matmul, [draw([5, 60, 70], 1), draw([5, 70, 61], 2)]],
  [
    'many terms, and an end with two results',
    (a, b) => {
      const y = ct.add(ct.matmul(a as Tensor, b as Tensor), 1) as Tensor
      return [ct.relu(y), ct.mul(y, y)]
    },
    [draw([20, 5000], 1), draw([5000, 12], 2)],
  ],
  ['a convolution', (x, w) => convolve(x as Tensor, w as Tensor), [draw([8, 20, 20, 4], 1), draw([3, 3, 4, 16], 2)]],
  ['gradients of a convolution', convolutionGrads, [draw([8, 20, 20, 4], 1), draw([3, 3, 4, 16], 2)]],
]

/** The farthest from float64, relative to the largest result. */
const worstOf = (got: readonly Tensor[], f: F, args: readonly Tensor[]): number => {
  const wanted = ct.treeLeaves(ct.jit(f)(...args.map(x => ct.cast('float64')(x) as Tensor))) as readonly Tensor[]
  return Math.max(
    ...wanted.map((y, i) => {
      const [a, b] = [ct.data(got[i] as Tensor), [...ct.data(y)]]
      const scale = Math.max(1, ...b.map(Math.abs))
      return Math.max(...b.map((x, k) => Math.abs(x - (a[k] ?? Number.NaN)) / scale))
    }),
  )
}

/** Some thousand terms in float32, relative to the largest result. */
const FLOAT32 = 2e-6

describe('a product by tiles is near float64', () => {
  it.each(programs)('without shaders: %s', async (_, f, args) => {
    const lowered = right(lowerPlan(planFor(f, args), { tiles: true }))
    const kernels = lowered.steps.flatMap((step): readonly GpuKernel[] => (step.tag === 'kernel' ? [step.kernel] : []))
    expect(kernels.some(({ tile }) => tile !== undefined)).toBe(true)
    const results = await runnerOf(cpu as NonNullable<typeof cpu>, lowered)(args.map(ct.data))
    const shapes = ct.treeLeaves(ct.jit(f)(...args)) as readonly Tensor[]
    const got = results.map((x, i) => ct.tensor(x as Float32Array, { shape: shapes[i]?.shape ?? [] }))
    expect(worstOf(got, f, args)).toBeLessThan(FLOAT32)
  })
  it.runIf(hasWebGpu).each(programs)('on WebGPU: %s', async (_, f, args) => {
    const backend = await opened({ mode: 'webgpu' })
    const got = ct.treeLeaves(await ct.toHost(await ct.compile(f, { backend })(...args))) as readonly Tensor[]
    expect(worstOf(got, f, args)).toBeLessThan(FLOAT32)
    await backend.close()
  })
})
