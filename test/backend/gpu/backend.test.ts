/**
 * Backends of gpu.js as `compile` uses them: what stays on the device, what is freed, and what is an error. Values and control flow are
 * those of the engine.
 */
import { describe, expect, it } from 'vitest'
import { gpu } from '../../../src/gpu/index.ts'
import * as ct from '../../../src/index.ts'
import { left, right } from '../../support/either.ts'
import { mistake, rejection, wavy } from '../../support/values.ts'
import { CASES, hasWebGpu, LONG_RUN, opened } from './backends.ts'

type Tensor = ct.Tensor

/** A step that makes a new state of the old one and of a batch. */
const step = (w: Tensor, x: Tensor): readonly [Tensor, Tensor] => {
  const [loss, dw] = ct.valueAndGrad((v: Tensor) => ct.mean(ct.square(ct.matmul(x, v) as Tensor)) as Tensor)(w)
  return [ct.sub(w, ct.mul(0.1, dw)) as Tensor, loss as Tensor]
}
const weights = (scale = 1): Tensor => wavy([40 * scale, 30 * scale], 1, 'float32')
const batch = (i: number, scale = 1): Tensor => wavy([8, 40 * scale], i, 'float32')

const programs: readonly (readonly [string, (...args: readonly Tensor[]) => unknown, readonly Tensor[]])[] = [
  ['a matrix product', (x, y) => ct.tanh(ct.matmul(x as Tensor, y as Tensor)), [batch(0), weights()]],
  ['several results, one of them an argument', x => [x, ct.neg(x as Tensor), x], [batch(1)]],
  [
    'scan',
    (c, xs) =>
      ct.scan((a: Tensor, x: Tensor) => [ct.tanh(ct.add(a, x)), ct.mul(a, x)] as never)(c as never, xs as never),
    [wavy([3], 5, 'float32'), wavy([4, 3], 0, 'float32')],
  ],
  [
    'a scan of nothing',
    (c, xs) => ct.scan((a: Tensor, x: Tensor) => [ct.add(a, x), x] as never)(c as never, xs as never),
    [wavy([3], 5, 'float32'), ct.zeros([0, 3])],
  ],
  [
    'whileLoop',
    ct.whileLoop(
      (c: Tensor) => ct.lt(ct.sum(c), 50),
      (c: Tensor) => ct.add(ct.square(c), c) as Tensor,
    ) as never,
    [ct.ones([3])],
  ],
  ['tensors without elements', x => [ct.add(x as Tensor, 1), ct.sum(x as Tensor)], [ct.zeros([0, 3])]],
  ['scalars from numbers', (x, y) => ct.mul(x as Tensor, y as Tensor), [batch(2), ct.scalar(0.5)]],
]

describe.each(CASES)('$name', ({ options }) => {
  it.each(programs)('%s gives what the engine gives', async (_, f, args) => {
    const backend = await opened(options)
    const got = await ct.toHost(await ct.compile(f, { backend })(...args))
    const wanted = ct.treeLeaves(ct.jit(f)(...args))
    ct.treeLeaves(got).forEach((y, i) => {
      const [x, z] = [ct.data(y), ct.data(wanted[i] as Tensor)]
      expect(y.shape).toEqual(wanted[i]?.shape)
      expect(x.every((v, k) => Math.abs(v - (z[k] ?? 0)) <= 2e-6 * Math.max(1, Math.abs(v)))).toBe(true)
    })
    await backend.close()
  })

  it('results are read after toHost, and not before; printing them fails nowhere', async () => {
    const backend = await opened(options)
    const { y } = await ct.compile((x: Tensor) => ({ y: ct.square(x) as Tensor }), { backend })(ct.tensor([1, 2, 3]))
    const where = `EngineError: data: this tensor is on backend ${backend.name}: call await toHost(x)`
    for (const read of [() => ct.data(y), () => ct.toArray(y), () => ct.add(y, 1), () => ct.jit(ct.neg)(y)])
      expect(mistake(read as () => unknown)).toMatch(where)
    expect(String(y)).toBe(`Tensor(float32[3], on ${backend.name})`)
    expect(await ct.toHost({ y, other: ct.ones([2]), text: 'as it is' })).toMatchObject({ text: 'as it is' })
    expect(ct.toArray(y)).toEqual([1, 4, 9])
    expect(String(ct.add(y, 1))).toBe('[ 2.  5. 10.]')
    await backend.close()
  })

  it('programs are compiled once for each structure and types; numbers are arguments', async () => {
    const backend = await opened(options)
    let traced = 0
    const f = ct.compile(
      (x: Tensor, rate: Tensor) => {
        traced++
        return ct.mul(x, rate) as Tensor
      },
      { backend },
    )
    for (const rate of [1, 2, 3]) expect(ct.toArray(await ct.toHost(await f(ct.ones([2]), rate)))).toEqual([rate, rate])
    await f(ct.ones([3]), 1)
    expect(traced).toBe(2)
    expect(backend.describe()).toMatchObject({ programs: 2, runs: 4, mode: options.mode })
    await backend.close()
  })

  it('donated arguments are gone, and the results are not', async () => {
    const backend = await opened(options)
    const f = ct.compile((w: Tensor, x: Tensor) => [step(w, x), w] as const, { backend, donate: [0] })
    const w = weights()
    const [[next], same] = await f(w, batch(0))
    expect(mistake(() => ct.data(w))).toMatch('EngineError: data: this tensor was donated')
    expect(await rejection(f(w, batch(0)))).toMatch('this tensor was donated')
    const [[last]] = await f(next, batch(1))
    expect(mistake(() => ct.data(next))).toMatch('this tensor was donated')
    expect(ct.data(await ct.toHost(same))).toEqual(ct.data(weights()))
    expect(ct.data(await ct.toHost(last)).every(Number.isFinite)).toBe(true)
    await backend.close()
  })

  it('calls that nobody waits for run in their order', async () => {
    const backend = await opened(options)
    const f = ct.compile((x: Tensor) => ct.add(x, 1) as Tensor, { backend })
    const all = await Promise.all([1, 2, 3].map(i => f(ct.tensor([i]))))
    expect((await ct.toHost(all)).map(x => ct.item(x))).toEqual([2, 3, 4])
    await backend.close()
  })

  it.each(['donated', 'undonated'])(
    '%s state of hundreds of steps, or of thousands, needs no more memory',
    async kind => {
      const steps = LONG_RUN ? 5000 : options.mode === 'webgpu' ? 60 : 200
      // In a long run so large that what the garbage collector has still to do is small beside a weight kept from each step.
      const scale = LONG_RUN ? 4 : 1
      const [memory, slack] = [400_000 * scale ** 2, 20_000 * scale ** 2]
      const backend = await opened({ ...options, memory })
      const f = ct.compile(step, { backend, donate: kind === 'donated' ? [0] : [] })
      const run = async (count: number, from: Tensor): Promise<Tensor> => {
        let w = from
        for (let i = 0; i < count; i++) [w] = await f(w, batch(i % 7, scale))
        return w
      }
      const w = await run(steps, weights(scale))
      const [{ tensors, idle }, { rss }] = [backend.describe(), process.memoryUsage()]
      await run(steps, w)
      const later = backend.describe()
      expect(later.tensors.bytes).toBeLessThan(memory + slack)
      expect(later.tensors.bytes + later.idle).toBeLessThan(tensors.bytes + idle + memory + slack)
      if (kind === 'donated') expect(later.idle).toBeLessThanOrEqual(memory)
      const kept = steps * ct.data(weights(scale)).byteLength
      if (LONG_RUN) expect(process.memoryUsage().rss - rss).toBeLessThan(kept / 2)
      await backend.close()
      expect(backend.describe()).toMatchObject({ tensors: { bytes: 0, tensors: 0 }, idle: 0, programs: 0 })
    },
    600_000,
  )

  it('results that give way to others are read back and can be used again', async () => {
    const backend = await opened({ ...options, memory: 20_000 })
    const f = ct.compile((x: Tensor) => ct.add(x, 1) as Tensor, { backend })
    const results: Tensor[] = []
    for (let i = 0; i < 12; i++) results.push(await f(ct.full([1000], i)))
    expect(backend.describe().tensors.bytes).toBeLessThanOrEqual(20_000)
    const sums = await Promise.all(results.map(async x => (await ct.toHost(await f(x))) as Tensor))
    expect(sums.map(x => ct.data(x)[999])).toEqual(results.map((_, i) => i + 2))
    await backend.close()
  })

  it('a backend that was closed runs nothing, and its unread results are gone', async () => {
    const backend = await opened(options)
    const f = ct.compile((x: Tensor) => ct.add(x, 1) as Tensor, { backend })
    const [read, unread] = [await ct.toHost(await f(ct.ones([2]))), await f(ct.ones([2]))]
    await backend.close()
    await backend.close()
    expect(ct.toArray(read)).toEqual([2, 2])
    const gone = `EngineError: data: this tensor was on backend ${backend.name}, which has been closed`
    expect(mistake(() => ct.data(unread))).toMatch(gone)
    expect(await rejection(ct.toHost(unread))).toMatch(gone)
    expect(await rejection(f(ct.ones([2])))).toMatch(`EngineError: gpu: backend ${backend.name} has been closed`)
    const other = await opened(options)
    expect(await rejection(ct.compile(ct.neg as never, { backend: other })(unread))).toMatch(gone)
    await other.close()
  })

  it('a tensor on another backend is an error that says what to do', async () => {
    const [one, two] = [await opened(options), await opened({ mode: 'cpu' })]
    const x = await ct.compile((v: Tensor) => ct.add(v, 1) as Tensor, { backend: one })(ct.ones([2]))
    const f = ct.compile((v: Tensor) => ct.neg(v) as Tensor, { backend: two })
    expect(await rejection(f(x))).toMatch(
      /^EngineError: gpu: an argument is on backend .*: call await toHost\(x\) first/,
    )
    expect(ct.toArray(await ct.toHost(await f(await ct.toHost(x))))).toEqual([-2, -2])
    await one.close()
    await two.close()
  })

  it('what is wrong with a program is said by the promise, and the backend goes on', async () => {
    const backend = await opened(options)
    const f = ct.compile((x: Tensor) => ct.mul(x, 2) as Tensor, { backend })
    expect(await rejection(f(ct.ones([2], { dtype: 'float64' })))).toMatch('RuleError: gpu: there is no float64')
    const branching = ct.compile((x: Tensor) => (ct.item(x as never) > 0 ? x : ct.neg(x)), { backend })
    expect(await rejection(branching(ct.scalar(1)))).toMatch('TraceError: item')
    expect(mistake(() => ct.grad((x: Tensor) => f(x) as never)(ct.scalar(1)))).toMatch(
      'TraceError: compile: a compiled function was called inside grad: transform first, then compile',
    )
    expect(ct.toArray(await ct.toHost(await f(ct.ones([2]))))).toEqual([2, 2])
    await backend.close()
  })
})

const withDevice = CASES.filter(
  ({ options }) => options.residency === undefined && !['webasm', 'cpu'].includes(options.mode),
)
it.each(withDevice)(
  '$name gives the same bits on the device and through the host, and copies less',
  async ({ options }) => {
    const [device, host] = [await opened(options), await opened({ ...options, residency: 'host' })]
    const run = async (backend: typeof device): Promise<readonly ct.TypedArray[]> => {
      const f = ct.compile(step, { backend })
      let w = weights()
      const losses: Tensor[] = []
      for (let i = 0; i < 6; i++) {
        const [next, loss] = await f(w, batch(i))
        w = next
        losses.push(loss)
      }
      return (await ct.toHost([w, ...losses])).map(x => ct.data(x))
    }
    expect(await run(device)).toEqual(await run(host))
    const [little, much] = [device.describe().transfers, host.describe().transfers]
    // Parameters once, batches, a constant of the derivative; and in the end what was asked for.
    expect(little.uploaded).toBeLessThanOrEqual(4 * (40 * 30 + 6 * 8 * 40 + 8 * 30))
    expect(little.read).toBe(4 * (40 * 30 + 6))
    expect(much.uploaded).toBeGreaterThan(4 * 6 * 40 * 30)
    await device.close()
    await host.close()
  },
)

it.runIf(hasWebGpu)('a backend that was preferred runs what is too small for it on the engine', async () => {
  const backend = await opened({ prefer: ['webgpu'] })
  const f = ct.compile(step, { backend, donate: [0] })
  const [w, loss] = await f(weights(), batch(0))
  expect(Number.isFinite(ct.item(loss as never))).toBe(true)
  expect(backend.describe()).toMatchObject({ onEngine: 1, programs: 0, runs: 1 })
  const large = ct.compile((x: Tensor, y: Tensor) => ct.matmul(x, ct.tanh(ct.matmul(x, y))) as Tensor, { backend })
  const x = wavy([200, 200], 1, 'float32')
  const y = await large(x, x)
  expect(backend.describe()).toMatchObject({ onEngine: 1, programs: 1, runs: 2 })
  const total = ct.compile((a: Tensor, b: Tensor) => ct.add(ct.sum(a), ct.sum(b)) as Tensor, { backend })
  const wanted = ct.item(ct.sum(w) as never) + ct.item(ct.sum((await ct.toHost(y)) as Tensor) as never)
  expect(ct.item((await ct.toHost(await total(w, y))) as never)).toBeCloseTo(wanted, 2)
  await backend.close()
})

describe('what is asked of gpu', () => {
  it.each([
    [{ mode: 'vulkan' }, 'knows no mode "vulkan"; there are webgpu, webgl2, headlessgl, webasm, cpu'],
    [{}, 'takes one mode'],
    [{ prefer: [] }, 'takes one mode'],
    [{ mode: 'cpu', prefer: ['cpu'] }, 'takes one mode'],
    [{ mode: 'cpu', memory: 0 }, 'memory must be a positive number of bytes, got 0'],
    [
      { mode: 'cpu', residency: 'device' },
      'tensors stay on the device in modes webgpu, webgl2 and headlessgl, and there is none in mode cpu',
    ],
    [{ mode: 'cpu', fast: true }, 'has no option fast'],
  ])('%j is a Left', async (options, message) => {
    const error = left(await gpu(options as never)())
    expect(error._tag).toBe('ValueError')
    expect(error.message).toMatch(message)
  })

  it('a mode that does not start is a Left that says what it needs', async () => {
    const error = left(await gpu({ mode: 'webgl2' })())
    expect(error.message).toMatch(/^gpu: mode webgl2 did not start \(.*\); it needs a browser; in Node use webgpu/)
  })

  it.skipIf(CASES.some(({ name }) => name === 'headlessgl'))('where no mode starts, each says why', async () => {
    expect(left(await gpu({ prefer: ['webgl2', 'headlessgl'] })()).message).toMatch(
      /^gpu: no mode has started: mode webgl2 .*; mode headlessgl did not start .*npm install gl@/,
    )
  })

  it('of several modes the first that starts is taken, and said', async () => {
    const backend = right(await gpu({ prefer: ['webgl2', 'cpu', 'webasm'] })())
    const { mode, tried } = backend.describe()
    expect(mode).toBe('cpu')
    expect(tried.join()).toMatch('mode webgl2 did not start')
    await backend.close()
  })

  it('compile wants a backend', () => {
    expect(mistake(() => ct.compile((x: Tensor) => x, { backend: 'webgpu' as never }))).toMatch(
      'ValueError: compile: backend is "webgpu": open one with gpu({ mode }) of cotangent/gpu',
    )
  })
})
