import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { showArray, showTensor } from '../../src/core/print.ts'
import { show, tensor } from '../../src/core/tensor.ts'
import { ones, zeros } from '../../src/index.ts'
import { f64, i32 } from '../support/values.ts'
import { arrays, scalars } from './printed.ts'

describe('text of an array is that of NumPy', () => {
  for (const { name, dtype, shape, values, str, repr } of arrays)
    it(name, () => {
      const x = tensor([...values], { dtype, shape })
      expect(show(x)).toBe(str)
      expect(inspect(x).slice('tensor('.length)).toMatch(/^\[/)
      expect(inspect(x).startsWith(`tensor(${repr},`)).toBe(true)
    })
})

describe('text of a single number is that of NumPy, with all its digits', () => {
  for (const { value, float64, float32 } of scalars)
    it(String(value), () => {
      expect(show(tensor(value, { dtype: 'float64' }))).toBe(float64)
      expect(show(tensor(value))).toBe(float32)
    })

  it('booleans and integers are as JavaScript writes them', () => {
    expect([show(tensor(true)), show(tensor(false)), show(i32(-7))]).toEqual(['true', 'false', '-7'])
  })
})

describe('what console.log shows', () => {
  it('is the array with its dtype, aligned under its first bracket', () => {
    expect(
      inspect(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toBe('tensor([[1., 2.],\n        [3., 4.]], float32)')
    expect(inspect(tensor(2.5))).toBe('tensor(2.5, float32)')
    expect(inspect(f64(1 / 3))).toBe('tensor(0.33333333, float64)')
    expect(inspect(tensor([true]))).toBe('tensor([ true], bool)')
  })

  it('adds the shape where the text does not tell it: of no elements, and of a summary', () => {
    expect(inspect(zeros([0]))).toBe('tensor([], float32)')
    expect(inspect(zeros([2, 0]))).toBe('tensor([], shape=[2,0], float32)')
    expect(inspect(ones([2000], { dtype: 'int32' }))).toBe('tensor([1, 1, 1, ..., 1, 1, 1], shape=[2000], int32)')
  })

  it('puts what does not fit in 75 columns on a line of its own', () => {
    expect(inspect(ones([1001]))).toBe('tensor([1., 1., 1., ..., 1., 1., 1.], shape=[1001], float32)')
    const wide = inspect(tensor(Array.from({ length: 1001 }, (_, i) => i)))
    expect(wide).toBe('tensor([   0.,    1.,    2., ...,  998.,  999., 1000.],\n       shape=[1001], float32)')
  })

  it('stays aligned within objects, arrays and maps, at any depth', () => {
    const w = tensor([
      [1, 2],
      [3, 4],
    ])
    const b = tensor([1, 2])
    expect(inspect({ layer: { w, b } })).toBe(
      `{
  layer: {
    w: tensor(
      [[1., 2.],
       [3., 4.]], float32),
    b: tensor([1., 2.], float32)
  }
}`,
    )
    expect(inspect([w])).toBe(`[
  tensor(
    [[1., 2.],
     [3., 4.]], float32)
]`)
    expect(inspect(new Map([['w', w]]))).toContain("'w' => tensor(\n    [[1., 2.],\n     [3., 4.]], float32)")
  })
})

describe('a summary', () => {
  it('reads only what it shows', () => {
    const seen: number[] = []
    const data = new Proxy({ length: 1_000_000 } as ArrayLike<number>, {
      get: (_, key) => {
        seen.push(Number(key))
        return 1
      },
    })
    expect(showArray(data, [1000, 1000], 'int32').split('\n')).toHaveLength(7)
    expect(showTensor(data, [1000, 1000], 'int32')).toContain('shape=[1000,1000]')
    expect(new Set(seen).size).toBe(36)
  })
})
