import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { encodeNpz, parseNpz } from '../../src/data/index.ts'
import { data, isTensor, ones, type Tensor, tensor, zeros } from '../../src/index.ts'
import { anything, encodeTree, loadTree, parseTree, saveTree } from '../../src/io/index.ts'
import { checkpoint, fit, logMetrics, type Snapshot, trainStep } from '../../src/train/index.ts'
import { left, right } from '../support/either.ts'
import { batches, bits, initial, loss, type ModelState, optimizer, type Params } from '../support/small-model.ts'
import { check, mistake } from '../support/values.ts'

const folder = mkdtempSync(join(tmpdir(), 'trees-'))

/** Tensors with every kind of number in them. */
const tensors: fc.Arbitrary<Tensor> = fc
  .record({
    shape: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
    dtype: fc.constantFrom('float32', 'float64', 'int32', 'bool'),
    values: fc.array(fc.double(), { minLength: 27, maxLength: 27 }),
  })
  .map(({ shape, dtype, values }): Tensor => {
    const size = shape.reduce((a, b) => a * b, 1)
    const some = values.slice(0, size)
    if (dtype === 'int32')
      return tensor(
        Int32Array.from(some, x => x | 0),
        { shape },
      )
    if (dtype === 'bool')
      return tensor(
        some.map(x => x > 0),
        { shape, dtype: 'bool' },
      )
    return dtype === 'float32' ? tensor(Float32Array.from(some), { shape }) : tensor(Float64Array.from(some), { shape })
  })
const keys = fc.oneof(
  fc.constantFrom('w', 'a b', '$tensor', '$$', '[0]', 'tree', '#tree', 'a.b', '', '0', '雪'),
  fc.string(),
)
const { tree: trees } = fc.letrec(tie => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    tensors,
    fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null)),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(keys, tie('tree'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

/** A tree with its tensors as bits, so that trees can be compared to the last one of them. */
const plain = (node: unknown): unknown => {
  if (isTensor(node)) return { dtype: node.dtype, shape: node.shape, bytes: [...new Uint8Array(data(node).buffer)] }
  if (Array.isArray(node)) return node.map(plain)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, plain(value)]))
}

describe('a tree', () => {
  it('comes back from its bytes as it was, NaN and -0 included', () => {
    check(
      fc.property(trees, tree => {
        expect(plain(right(parseTree()(encodeTree(tree))))).toStrictEqual(plain(tree))
      }),
      300,
    )
  })

  it('is like itself', () => {
    check(
      fc.property(trees, tree => {
        expect(E.isRight(parseTree({ like: tree })(encodeTree(tree)))).toBe(true)
      }),
    )
  })

  it('has bytes that depend on it alone, not on the order of its keys', () => {
    expect(encodeTree({ a: 1, b: ones([2]) })).toEqual(encodeTree({ b: ones([2]), a: 1 }))
  })

  it('is an npz file with an entry for each tensor, named by its path', () => {
    const tree = { params: [{ w: ones([2, 3]), 'a b': tensor(1) }], step: 3 }
    const { '#tree': structure, ...entries } = right(parseNpz()(encodeTree(tree)))
    expect(Object.keys(entries).sort()).toEqual(['params[0].w', 'params[0]["a b"]'])
    const text = new TextDecoder().decode(data(structure as Tensor).buffer as ArrayBuffer)
    expect(JSON.parse(text)).toEqual({
      params: [{ 'a b': { $tensor: 'float32[]' }, w: { $tensor: 'float32[2,3]' } }],
      step: 3,
    })
  })

  it('with a leaf that cannot be saved is refused, naming the leaf', () => {
    expect(mistake(() => encodeTree({ a: [1, () => 1] }))).toBe(
      'TreeError: encodeTree: tree.a[1] is a function: saved are tensors, numbers, strings, booleans and null',
    )
    expect(mistake(() => saveTree('x.npz')({ a: undefined }))).toContain('tree.a is undefined')
  })
})

describe('a tree that is not as expected', () => {
  const tree = { params: [{ w: ones([2, 3]), b: zeros([3]) }], epoch: 2, name: 'run' }
  it.each<readonly [string, unknown, string]>([
    [
      'a shape',
      { ...tree, params: [{ w: ones([3, 2]), b: zeros([3]) }] },
      'params[0].w is float32[2,3], where float32[3,2] was expected',
    ],
    [
      'a dtype',
      { ...tree, params: [{ w: ones([2, 3]), b: zeros([3], { dtype: 'int32' }) }] },
      'params[0].b is float32[3], where int32[3] was expected',
    ],
    ['a length', { ...tree, params: [] }, 'params is an array of 1, where an array of 0 was expected'],
    [
      'a key',
      { params: tree.params, epoch: 1 },
      'the tree is a record { epoch, name, params }, where a record { epoch, params } was expected',
    ],
    ['a leaf', { ...tree, name: null }, 'name is a string, where null was expected'],
    ['a tensor', { ...tree, epoch: tensor(1) }, 'epoch is a number, where float32[] was expected'],
  ])('in %s is a Left that names the first path', (_name, like, why) => {
    const error = left(parseTree({ like, source: 'run.npz' })(encodeTree(tree)))
    expect([error._tag, error.message]).toEqual(['FormatError', `run.npz: ${why}`])
  })

  it('may be anything where nothing is expected', () => {
    const like = { params: anything<unknown>(), epoch: 0, name: '' }
    expect(plain(right(parseTree({ like })(encodeTree(tree))))).toEqual(plain(tree))
  })
})

describe('bytes that are no checkpoint', () => {
  const bytes = encodeTree({ w: ones([2, 2]), n: 1 })

  it('are a Left wherever they end, and whichever of them is wrong', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(E.isLeft(parseTree()(bytes.slice(0, length)))).toBe(true)
    const whole = plain({ w: ones([2, 2]), n: 1 })
    for (let at = 0; at < bytes.length; at++) {
      const found = parseTree()(bytes.map((byte, i) => (i === at ? byte ^ 0x55 : byte)))
      // Dates and other fields that say nothing of the contents may be anything.
      if (E.isRight(found)) expect(plain(found.right)).toEqual(whole)
    }
  })

  const json = (structure: unknown): Tensor => {
    const text = JSON.stringify(structure)
    return tensor(new Int32Array(new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 4) * 4)).buffer))
  }
  it.each<readonly [string, Record<string, Tensor>, string]>([
    ['another npz file', { w: ones([2]) }, 'is no checkpoint: it has no entry #tree with the structure of a tree'],
    ['no JSON', { '#tree': tensor(new Int32Array([1, 2])) }, 'is damaged: the entry #tree holds no JSON'],
    [
      'a missing tensor',
      { '#tree': json({ w: { $tensor: 'float32[2]' } }) },
      'has no entry w, which is to be float32[2]',
    ],
    [
      'another tensor',
      { '#tree': json({ w: { $tensor: 'float32[2]' } }), w: ones([3]) },
      'holds float32[3] at w, which is to be float32[2]',
    ],
    ['a tensor too many', { '#tree': json({}), w: ones([3]) }, 'has an entry w that its tree does not mention'],
    ['an unknown mark', { '#tree': json({ w: { $date: 1 } }) }, 'has the unknown mark $date at w'],
  ])('%s', (_name, entries, why) => {
    expect(left(parseTree({ source: 'x.npz' })(encodeNpz()(entries))).message).toBe(`x.npz: ${why}`)
  })
})

describe('files', () => {
  it('are replaced whole, and leave nothing else behind', async () => {
    const path = join(folder, 'run.npz')
    for (const n of [1, 2]) right(await saveTree(path)({ w: ones([1000]), n })())
    expect(right(await loadTree(path, { w: zeros([1000]), n: 0 })()).n).toBe(2)
    expect(readdirSync(folder)).toEqual(['run.npz'])
  })

  it('that cannot be written are a Left, and the one before stays', async () => {
    const path = join(folder, 'missing', 'run.npz')
    const error = left(await saveTree(path)({ n: 1 })())
    expect([error._tag, error.source]).toEqual(['WriteError', path])
    expect(existsSync(path)).toBe(false)
    // A folder in the way: the renaming fails, and the other name is taken back.
    left(await saveTree(folder)({ n: 1 })())
    expect(readdirSync(tmpdir()).filter(name => name.startsWith(`${folder.split('/').at(-1)}.`))).toEqual([])
  })

  it('that are missing or foreign are a Left', async () => {
    expect(left(await loadTree(join(folder, 'none.npz'))())._tag).toBe('MissingError')
    const path = join(folder, 'text.npz')
    writeFileSync(path, 'no zip archive')
    expect(left(await loadTree(path)()).message.startsWith(path)).toBe(true)
  })
})

it('a training that is saved and loaded in the middle of an epoch ends in the same bits, history included', async () => {
  const path = join(folder, 'training.npz')
  const run = (signal?: AbortSignal, before: Partial<Omit<Snapshot<unknown, unknown>, 'state'>> = {}) => {
    const callbacks = [logMetrics({ every: { steps: 5 } }), checkpoint({ save: saveTree(path) })]
    const step = trainStep({ loss, optimizer })
    const batchesUntil = function* (epoch: number) {
      for (const [i, batch] of batches(epoch).entries()) {
        if (signal !== undefined && epoch === 1 && i === 3) stop.abort()
        yield batch
      }
    }
    return fit({
      step,
      epochs: 2,
      batches: batchesUntil,
      callbacks,
      ...(before.history === undefined ? {} : { history: before.history }),
      ...(before.measured === undefined ? {} : { measured: before.measured }),
      ...(signal === undefined ? {} : { signal }),
    })
  }
  const stop = new AbortController()
  const straight = await run()(initial())()
  const half = await run(stop.signal)(initial())()
  expect(half.reason).toBe('interrupted')
  const saved = right(
    await loadTree<Snapshot<Params, ModelState>>(path, {
      state: initial(),
      history: anything(),
      measured: anything(),
    })(),
  )
  expect(saved.history.length).toBeGreaterThan(0)
  expect(saved.history.length).toBeLessThan(straight.history.length)
  const end = await run(undefined, saved)(saved.state)()
  expect(bits(end.state)).toEqual(bits(straight.state))
  expect(end.history).toEqual(straight.history)
  expect(readFileSync(path).length).toBeGreaterThan(0)
})
