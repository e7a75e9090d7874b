/**
 * Numbers of points: known while code is written, or only when it runs.
 *
 * Layer: backend. Read next: nest/walk.ts.
 */
import type { Code, Local } from '../assembler.ts'

/** An i32 that is known now, or held in a local. */
export type Extent = { readonly local: Local } | number

/** Pushes an extent. */
export const pushExtent = (code: Code, extent: Extent): void => {
  if (typeof extent === 'number') code.i32(extent)
  else code.get(extent.local)
}

/** Sets a local to the smaller of itself and an extent. */
export const clamp = (code: Code, local: Local, most: Extent): void => {
  code.get(local)
  pushExtent(code, most)
  code.get(local)
  pushExtent(code, most)
  code.op('i32.lt_s')
  code.op('select')
  code.set(local)
}
