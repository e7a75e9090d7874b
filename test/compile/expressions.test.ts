/** Expression graphs: equal nodes become one, and nothing else does. */
import { describe, expect, it } from 'vitest'
import { about, sharing } from '../../src/compile/expressions.ts'
import { numbered } from '../../src/compile/tidy.ts'
import { along, apply, constant, convert, type Expr, iota, load, type Nest, select } from '../../src/core/kernel.ts'

const x = (): Expr => load(0, 'float32', [8], [along(0)])

describe('the kernels of a plan', () => {
  it('share no node between loops of different sizes, where the same axis is another one', () => {
    const own = iota(1)
    const kernel: Nest = {
      tag: 'nest',
      axes: [2],
      stages: [3, 4].map(n => ({ tag: 'reduce', axes: [n], monoid: 'sum', expr: own, dtype: 'int32' })),
      outputs: [0, 1],
    }
    const [first, second] = (numbered(kernel, input => input) as Nest).stages
    expect(first?.expr).toEqual(second?.expr)
    expect(first?.expr).not.toBe(second?.expr)
  })
})

describe('sharing', () => {
  it('gives equal expressions one identity, whatever they are made of', () => {
    const make = (): Expr =>
      select(apply('lt', iota(0), constant('int32', 3)), apply('mul', x(), x()), convert('float32', iota(1)))
    const share = sharing()
    expect(share(make())).toBe(share(make()))
    expect(about(share(apply('add', make(), make()))).nodes).toHaveLength(about(share(make())).nodes.length + 1)
  })

  it.each<[string, Expr, Expr]>([
    ['0 and -0', constant('float32', 0), constant('float32', -0)],
    ['numbers of different dtypes', constant('float32', 1), constant('int32', 1)],
    ['functions', apply('sin', x()), apply('cos', x())],
    ['the order of operands', apply('sub', x(), iota(0)), apply('sub', iota(0), x())],
    ['one operand and two', apply('neg', x()), apply('neg', x(), x())],
    ['inputs', x(), load(1, 'float32', [8], [along(0)])],
    ['index maps', x(), load(0, 'float32', [8], [along(0, -1, 7)])],
    ['what is read outside', x(), load(0, 'float32', [8], [along(0)], 0)],
    ['axes', iota(0), iota(1)],
  ])('keeps %s apart', (_, a, b) => {
    const share = sharing()
    expect(share(a)).not.toBe(share(b))
  })

  it('leaves what it has seen as it is', () => {
    const share = sharing()
    const once = share(apply('add', x(), apply('sin', x())))
    expect(share(once)).toBe(once)
    expect(share(apply('neg', once))).toMatchObject({ args: [once] })
  })
})
