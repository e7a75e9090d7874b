import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orThrow } from '../../src/core/errors.ts'
import { broadcastShapes, range, sizeOf, stridesOf } from '../../src/core/shape.ts'
import { data, item, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { contract, dot, einsum, grad, matmul, mul, outer, sum, vjp, zeros } from '../../src/index.ts'
import { check, expectClose, expectSame, f64, i32, mistake, shapes, wavy } from '../support/values.ts'
import { numpy } from './numpy.ts'

/** The element of a tensor at a place, broadcast if need be. */
const element = (x: Tensor, place: readonly number[]): number => {
  const strides = stridesOf(x.shape)
  const offset = place.length - x.shape.length
  return (
    data(x)[x.shape.reduce((at, n, i) => at + (n === 1 ? 0 : (place[i + offset] ?? 0)) * (strides[i] ?? 0), 0)] ??
    Number.NaN
  )
}
const placesOf = (shape: readonly number[]): readonly (readonly number[])[] =>
  shape.reduce<readonly (readonly number[])[]>((all, n) => all.flatMap(p => range(0, n).map(i => [...p, i])), [[]])

/** Rounding of sums of a few products in float64. */
const CLOSE = 1e-12

describe('matmul', () => {
  it('agrees with a loop, batch axes broadcast as NumPy’s', () => {
    const sizes = fc.integer({ min: 0, max: 3 })
    check(
      fc.property(
        shapes(2),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        sizes,
        sizes,
        sizes,
        (batch, ones, m, k, n) => {
          const side = (from: number): number[] =>
            batch.map((size, i) => (ones[(i + from) % 4] ? 1 : size)).slice(ones[from] ? 1 : 0)
          const [bx, by] = [side(0), side(1)]
          const [x, y] = [wavy([...bx, m, k]), wavy([...by, k, n], 3)]
          const out = [...orThrow(broadcastShapes('matmul', bx, by)), m, n]
          const z = matmul(x, y)
          expect(z.shape).toEqual(out)
          const values = data(z)
          placesOf(out).forEach((place, at) => {
            const [b, i, j] = [place.slice(0, -2), place.at(-2) ?? 0, place.at(-1) ?? 0]
            const expected = range(0, k).reduce((s, r) => s + element(x, [...b, i, r]) * element(y, [...b, r, j]), 0)
            expect(values[at]).toBeCloseTo(expected, 12)
          })
        },
      ),
      200,
    )
  })

  it('shapes: vectors lose their axis, batches of size 1 stretch', () => {
    const table: readonly (readonly [number[], number[], number[]])[] = [
      [[3], [3], []],
      [[2, 3], [3], [2]],
      [[3], [3, 4], [4]],
      [[5, 2, 3], [3], [5, 2]],
      [[3], [5, 3, 4], [5, 4]],
      [
        [1, 2, 3],
        [5, 3, 4],
        [5, 2, 4],
      ],
      [
        [5, 1, 2, 3],
        [1, 6, 3, 4],
        [5, 6, 2, 4],
      ],
      [
        [6, 2, 3],
        [5, 1, 3, 4],
        [5, 6, 2, 4],
      ],
      [
        [1, 1, 2, 3],
        [3, 4],
        [1, 1, 2, 4],
      ],
      [
        [2, 0],
        [0, 3],
        [2, 3],
      ],
      [
        [0, 2, 3],
        [1, 3, 4],
        [0, 2, 4],
      ],
      [[0], [0], []],
    ]
    for (const [a, b, out] of table) expect(matmul(zeros(a), zeros(b)).shape).toEqual(out)
    expectClose(matmul(zeros([2, 0]), zeros([0, 3])), [
      [0, 0, 0],
      [0, 0, 0],
    ])
  })

  it('is that of NumPy for vectors and batches', () => {
    const x = tensor(range(0, 24), { shape: [2, 3, 4], dtype: 'int32' })
    expectClose(matmul(x, i32([0, 1, 2, 3])), numpy['matmul 3d vector'])
    expectClose(matmul(i32([0, 1, 2]), x), numpy['matmul vector 3d'])
    expectClose(
      dot(
        i32([
          [0, 1, 2],
          [3, 4, 5],
        ]),
        x,
      ),
      numpy['dot 2d 3d'],
    )
    expectClose(
      dot(
        x,
        i32([
          [0, 1],
          [0, 1],
          [4, 5],
          [4, 5],
        ]),
      ),
      numpy['dot 3d 2d'],
    )
    expectClose(
      outer(
        i32([0, 1, 2]),
        i32([
          [0, 1, 2],
          [3, 4, 5],
        ]),
      ),
      numpy.outer,
    )
  })

  it('gradients of a batch shared by broadcasting are summed', () => {
    const [x, y] = [wavy([4, 2, 3]), wavy([3, 2], 1)]
    const [, pullback] = vjp((a: Tensor, b: Tensor) => matmul(a, b))(x, y)
    const ct = wavy([4, 2, 2], 2)
    const [dx, dy] = pullback(ct)
    expectSame(dx, einsum('bik,jk->bij', ct, y), CLOSE)
    expectSame(dy, einsum('bij,bik->jk', x, ct), CLOSE)
  })

  it('int32 wraps; NaN and ∞ spread', () => {
    expectClose(matmul(i32([[65536, 1]]), i32([[65536], [5]])), [[5]])
    expectClose(matmul(f64([[Infinity, 1]]), f64([[0], [1]])), [[Number.NaN]])
  })

  it('mistakes show both shapes', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => matmul(zeros([2, 3]), zeros([5, 4])))).toBe(
      'ShapeError: matmul: inner dimensions differ: [2,3] @ [5,4] (3 vs 5)',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => matmul(zeros([2, 3]), zeros([2])))).toContain('[2,3] @ [2] (3 vs 2)')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => matmul(zeros([2, 3, 4]), zeros([3, 4, 5])))).toBe(
      'ShapeError: matmul: leading axes do not broadcast: [2,3,4] @ [3,4,5]',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => matmul(zeros([]), zeros([2])))).toBe(
      'ShapeError: matmul: needs at least one axis on each side: [] @ [2]; use mul for scalars',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => dot(zeros([2]), zeros([3])))).toBe('ShapeError: dot: summed sizes differ: [2] · [3] (2 vs 3)')
  })

  it('dot of scalars multiplies', () => {
    expect(item(dot(2, 3))).toBe(6)
    expectClose(dot(2, f64([1, 2])), [2, 4])
  })
})

/** Einstein's summation word for word: a sum over all labels of the product of elements. */
const naive = (spec: string, xs: readonly Tensor[]): { readonly shape: number[]; readonly values: number[] } => {
  const [left = '', right = ''] = spec.split('->')
  const inputs = left.split(',')
  const sizes = new Map<string, number>()
  inputs.forEach((labels, k) => {
    ;[...labels].forEach((l, i) => {
      const n = xs[k]?.shape[i] ?? 1
      sizes.set(l, Math.max(n, sizes.get(l) ?? 1))
      if (n === 0) sizes.set(l, 0)
    })
  })
  const summed = [...sizes.keys()].filter(l => !right.includes(l))
  const size = (l: string): number => sizes.get(l) ?? 1
  const shape = [...right].map(size)
  const values = placesOf(shape).map(outerPlace =>
    placesOf(summed.map(size)).reduce((total, innerPlace) => {
      const at = new Map(
        [...right]
          .map((l, i) => [l, outerPlace[i] ?? 0] as const)
          .concat(summed.map((l, i) => [l, innerPlace[i] ?? 0] as const)),
      )
      return (
        total +
        inputs.reduce(
          (product, labels, k) =>
            product *
            element(
              xs[k] as Tensor,
              [...labels].map(l => at.get(l) ?? 0),
            ),
          1,
        )
      )
    }, 0),
  )
  return { shape, values }
}

describe('einsum', () => {
  const sizes: { readonly [label: string]: number } = { i: 2, j: 3, k: 4, b: 2, c: 3, n: 1, z: 0 }
  const specs = [
    'ij,jk->ik',
    'ij,jk->ki',
    'ij,kj->ik',
    'ji,jk->ik',
    'bij,bjk->bik',
    'ij,j->i',
    'i,i->',
    'i,j->ij',
    'i,j->ji',
    ',->',
    'i,->i',
    'ij->ji',
    'ij->i',
    'ij->j',
    'ij->',
    'i->i',
    'ijk->kij',
    'ijk->k',
    'ii->',
    'ii->i',
    'iji->j',
    'iij->ij',
    'iii->i',
    'jiij->ij',
    'ii,i->i',
    'ii,jj->ij',
    'ij,ij->ij',
    'ij,ij->i',
    'ij,ij->',
    'ij,i->ij',
    'i,j,k->kji',
    'ij,jk,kc->ic',
    'ij,ij,ij->',
    'bi,bj,bk->ijk',
    'ij,jk,ki->',
    'ij,k->',
    'ij,k->k',
    'ij,c->jc',
    'bn,nc->bc',
    'bz,zc->bc',
    'z->',
    'ij,jk,j->ik',
    'ijk,jki->i',
    'i,i,i,i->i',
  ]
  for (const spec of specs)
    it(`agrees with the naive sum: ${spec}`, () => {
      const inputs = (spec.split('->')[0] ?? '').split(',')
      const xs = inputs.map((labels, k) =>
        wavy(
          [...labels].map(l => sizes[l] ?? 1),
          k,
        ),
      )
      const { shape, values } = naive(spec, xs)
      const y = einsum(spec, ...xs)
      expect(y.shape).toEqual(shape)
      expectClose(y, toNested(shape, values), CLOSE)
    })

  it('without -> the result has the labels that come once, in alphabetical order, capitals first', () => {
    const [x, y] = [wavy([2, 3]), wavy([3, 4], 1)]
    expectSame(einsum('ij,jk', x, y), matmul(x, y), CLOSE)
    expectSame(einsum('ba', x), einsum('ba->ab', x), CLOSE)
    expectSame(einsum('aB', x), einsum('aB->Ba', x), CLOSE)
    expectSame(einsum('ii', wavy([3, 3])), einsum('ii->', wavy([3, 3])), CLOSE)
    expectSame(einsum('...j,jk', x, y), matmul(x, y), CLOSE)
  })

  it('... stands for any number of axes, which broadcast', () => {
    const cases: readonly (readonly [string, string, readonly number[][]])[] = [
      [
        '...ij,...jk->...ik',
        'bij,bjk->bik',
        [
          [2, 2, 3],
          [2, 3, 4],
        ],
      ],
      [
        '...ij,jk->...ik',
        'bcij,jk->bcik',
        [
          [2, 3, 2, 3],
          [3, 4],
        ],
      ],
      ['i...->...i', 'ijk->jki', [[2, 3, 4]]],
      ['...->...', 'ij->ij', [[2, 3]]],
      ['...ii->...i', 'bii->bi', [[2, 3, 3]]],
      ['...i->...', 'i->', [[3]]],
      [
        'i...,i...->...',
        'ij,ij->j',
        [
          [2, 3],
          [2, 3],
        ],
      ],
      [
        '...i,...i->...',
        'bi,bi->b',
        [
          [1, 3],
          [2, 3],
        ],
      ],
      [
        '...i,...i->...',
        'bci,ci->bc',
        [
          [2, 3, 4],
          [1, 4],
        ],
      ],
      [
        '...i,...j->...ij',
        'bi,bj->bij',
        [
          [1, 2],
          [1, 3],
        ],
      ],
    ]
    for (const [spec, plain, all] of cases) {
      const xs = all.map((shape, k) => wavy(shape, k))
      const { shape, values } = naive(plain, xs)
      expectClose(einsum(spec, ...xs), toNested(shape, values), CLOSE)
    }
    expect(einsum('...i,...i->...', wavy([2, 3]), wavy([3])).shape).toEqual([2])
    expect(einsum('i...,i', wavy([3, 2]), wavy([3])).shape).toEqual([2])
  })

  it('gradients are those of the naive sum, diagonals and broadcast axes included', () => {
    for (const [spec, all] of [
      ['ii->i', [[3, 3]]],
      ['iij,j->i', [[2, 2, 3], [3]]],
      [
        '...i,...i->...',
        [
          [1, 3],
          [2, 3],
        ],
      ],
      ['ij,k->i', [[2, 3], [4]]],
      ['i,j,k->kj', [[2], [3], [4]]],
    ] as const) {
      const xs = all.map((shape, k) => wavy(shape, k))
      const f = (vs: readonly Tensor[]): Tensor => sum(mul(einsum(spec, ...vs), wavy(einsum(spec, ...xs).shape, 7)))
      const gradients = grad(f)(xs)
      xs.forEach((x, k) => {
        const moved = (at: number, by: number): Tensor[] =>
          xs.map((v, n) =>
            n === k
              ? tensor(
                  [...data(v)].map((e, i) => (i === at ? e + by : e)),
                  { shape: v.shape, dtype: 'float64' },
                )
              : v,
          )
        range(0, sizeOf(x.shape)).forEach(at => {
          // Linear in each operand: a step of 1 is exact up to rounding.
          const expected = (item(f(moved(at, 1))) - item(f(moved(at, -1)))) / 2
          expect(data(gradients[k] as Tensor)[at]).toBeCloseTo(expected, 10)
        })
      })
    }
  })

  it('the diagonal sees nothing of what stands beside it, not even NaN or ∞', () => {
    const x = f64([
      [1, Infinity],
      [Number.NaN, 4],
    ])
    expectClose(einsum('ii->i', x), [1, 4])
    expectClose(einsum('ii', x), 5)
    expectClose(grad((v: Tensor) => einsum('ii', v))(x), [
      [1, 0],
      [0, 1],
    ])
  })

  it('works on int32, numbers and empty tensors', () => {
    expectClose(einsum('ij,jk->ik', i32([[65536]]), i32([[65536]])), [[0]])
    expect(item(einsum(',', 2, 3))).toBe(6)
    expectClose(einsum('ij->j', zeros([0, 2])), [0, 0])
  })

  it('spaces do not matter', () => {
    expectSame(einsum(' i j , j k -> i k ', wavy([2, 3]), wavy([3, 2])), matmul(wavy([2, 3]), wavy([3, 2])), CLOSE)
  })

  it('mistakes name the specification and what is wrong with it', () => {
    const [x, y] = [zeros([2, 3]), zeros([4, 2])]
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => einsum('ij,jk->ik', x, y))).toBe(
      "ShapeError: einsum: 'ij,jk->ik': axis j is 3 vs 4 in [2,3], [4,2]",
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => einsum('ii->i', x))).toContain('axis i is 2 vs 3')
    const wrong: readonly (readonly [string, string])[] = [
      ['ij,jk->ik->i', 'has more than one ->'],
      ['ij->ik', "has 'k' in the result, which no operand has"],
      ['ij->ii', 'repeats a label in the result'],
      ['ijk->i', 'names 3 axes of operand 0, which is [2,3]'],
      ['i->i', 'names 1 axes of operand 0, which is [2,3]'],
      ['ij,jk->ik', 'names 2 operands, got 1'],
      ['i.j->ij', 'may hold letters, commas, one ... for each operand, and ->'],
      ['......->', 'may hold letters, commas, one ... for each operand, and ->'],
      ['i1->i', 'may hold letters, commas'],
      ['...j->j', 'sums over the axes of ...: write ... in the result too'],
    ]
    for (const [spec, why] of wrong)
      expect(mistake(() => einsum(spec, x))).toContain(`ValueError: einsum: '${spec}' ${why}`)
    expect(mistake(() => einsum('...ij,...ij->...', zeros([2, 1, 1]), zeros([3, 1, 1])))).toContain(
      'ShapeError: einsum:',
    )
  })
})

const toNested = (shape: readonly number[], values: readonly number[]): number[] | number => {
  const [n, ...rest] = shape
  if (n === undefined) return values[0] ?? 0
  const size = sizeOf(rest)
  return range(0, n).map(i => toNested(rest, values.slice(i * size, (i + 1) * size))) as number[]
}

describe('contract', () => {
  const x = wavy([5])
  const w = wavy([2], 1)
  const window = { a: 'x', b: 'w', out: 'y', alpha: 1, beta: -1, gamma: -2, delta: 0, size: 2 }
  const params = { a: 'x', b: 'w', out: 'y', windows: [window] }

  it('a window adds a[x]·b[w] to out[y] where αx + βw + γy = δ', () => {
    const relations = fc.record({
      alpha: fc.constantFrom(-2, -1, 1, 2),
      beta: fc.constantFrom(-2, -1, 1, 2),
      gamma: fc.constantFrom(-2, -1, 1, 2),
      delta: fc.integer({ min: -3, max: 3 }),
      size: fc.integer({ min: 0, max: 5 }),
    })
    check(
      fc.property(relations, relation => {
        const y = contract({ ...params, windows: [{ ...window, ...relation }] }, x, w)
        const { alpha, beta, gamma, delta, size } = relation
        const expected = range(0, size).map(c =>
          range(0, 2).reduce(
            (total, b) =>
              range(0, 5).reduce(
                (t, a) => (alpha * a + beta * b + gamma * c === delta ? t + (data(x)[a] ?? 0) * (data(w)[b] ?? 0) : t),
                total,
              ),
            0,
          ),
        )
        expectClose(y, expected, CLOSE)
      }),
      200,
    )
  })

  it('refuses what it could not transpose', () => {
    const bad = (change: object, a = x, b = w): string => mistake(() => contract({ ...params, ...change }, a, b))
    expect(bad({ windows: [{ ...window, gamma: 0 }] })).toContain(
      'a window needs one label in each tensor and whole numbers, none of alpha, beta and gamma 0',
    )
    expect(bad({ windows: [{ ...window, delta: 0.5 }] })).toContain('ValueError: contract: x,w->y: a window needs')
    expect(bad({ windows: [{ ...window, size: -1 }] })).toContain('a window needs')
    expect(bad({ windows: [{ ...window, a: 'q' }] })).toContain('contract: x,w->y:')
    expect(bad({ windows: [window, window] })).toContain('two windows share a label')
    expect(bad({ windows: [] })).toContain("label 'x' stands in one tensor only")
    expect(bad({ a: 'ii', b: 'i', out: '', windows: [] }, zeros([2, 2]), zeros([2]))).toContain(
      "'ii' repeats a label; take the diagonal with einsum first",
    )
    expect(bad({ a: 'ij', b: 'jk', out: 'ik', windows: [] }, zeros([2, 3]), zeros([4, 2]))).toBe(
      "ShapeError: contract: ij,jk->ik: axes 'j' differ, 3 vs 4, in [2,3] and [4,2]",
    )
    expect(bad({ a: 'ij', b: 'jk', out: 'ik', windows: [] }, zeros([2]), zeros([4, 2]))).toContain(
      "'ij' names 2 axes, the tensor is [2]",
    )
  })
})
