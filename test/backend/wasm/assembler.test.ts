/**
 * The parts of the assembler that rearrange what has been written.
 */
import { describe, expect, it } from 'vitest'
import type { Code, ModuleBuilder } from '../../../src/backend/wasm/assembler.ts'
import { address, type Emitted, type Slots } from '../../../src/backend/wasm/emit.ts'
import { type Emit, runEmitted } from './emitting.ts'

type Body = (code: Code, push: (value: number) => void, negated: () => void) => void

/** A kernel that stores the vector that `body` leaves. It may push lanes of a number, and call a function that negates lanes. */
const emitting =
  (body: Body): Emit =>
  (module: ModuleBuilder, { outputs }: Slots): Emitted => {
    const negative = module.define(null, ['v128'], ['v128'], (code, x = 0) => {
      code.get(x)
      code.op('f32x4.neg')
    })
    const fn = module.define(null, ['i32', 'i32'], [], (code, frame = 0) => {
      address(code, frame, outputs[0] ?? 0)
      body(
        code,
        value => code.constant(module.splat('f32', value)),
        () => code.call(negative),
      )
      code.memory('v128.store')
    })
    return { phases: [{ fn, chunks: 1, work: 1 }], scratch: 0 }
  }

const lanesOf = (body: Body): readonly number[] => [
  ...(runEmitted(emitting(body), [], [{ dtype: 'float32', size: 4 }])[0] ?? []),
]

describe('constants that are pinned', () => {
  it('are those that are not', () => {
    const body: Body = (code, push) => {
      push(3)
      push(-0)
      code.op('f32x4.mul')
    }
    const pinned: Body = (code, push, negated) => {
      const result = code.local('v128')
      code.pinning(() => {
        body(code, push, negated)
        code.set(result)
      })
      code.get(result)
    }
    expect(lanesOf(body)).toEqual([-0, -0, -0, -0])
    expect(lanesOf(pinned)).toEqual(lanesOf(body))
  })

  it('leave calls what they are, before, inside and behind, at any depth', () => {
    const lanes = lanesOf((code, push, negated) => {
      const sum = code.local('v128')
      const addNegated = (value: number): void => {
        code.get(sum)
        push(value)
        negated()
        code.op('f32x4.add')
        code.set(sum)
      }
      addNegated(1)
      code.pinning(() => {
        addNegated(20)
        code.pinning(() => {
          addNegated(300)
          addNegated(20)
        })
        addNegated(4000)
      })
      addNegated(50_000)
      code.get(sum)
    })
    expect(lanes).toEqual([-54_341, -54_341, -54_341, -54_341])
  })

  it('are read once, before a loop', () => {
    const lanes = lanesOf((code, push) => {
      const [sum, count] = [code.local('v128'), code.local('i32')]
      code.pinning(() =>
        code.loop(again => {
          code.get(sum)
          push(2)
          code.op('f32x4.add')
          code.set(sum)
          code.get(count)
          code.i32(1)
          code.op('i32.add')
          code.tee(count)
          code.i32(10)
          code.op('i32.lt_s')
          code.brIf(again)
        }),
      )
      code.get(sum)
    })
    expect(lanes).toEqual([20, 20, 20, 20])
  })
})
