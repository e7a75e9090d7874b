/**
 * Forms: equal expressions as one.
 *
 * Layer: compile. Loads that are addresses are written as such; then equal nodes get one identity. Read next: tidy.ts.
 */
import type { Expr, Load } from '../core/kernel.ts'
import { type Shape, sameShape } from '../core/shape.ts'
import { canonicalLoad } from './affine.ts'
import { about, rewriting, sharing } from './expressions.ts'

/** The expression with its loads in the form that all equal loads share. */
const withCanonicalLoads = (expr: Expr, sizes: Shape): Expr => {
  let forms: Map<Expr, Load> | undefined
  for (const load of about(expr).loads) {
    const form = canonicalLoad(load, sizes)
    if (form !== load) forms = (forms ?? new Map()).set(load, form)
  }
  return forms === undefined ? expr : rewriting(node => forms.get(node) ?? node)(expr)
}

/** The normal forms of expressions, within all that one such object is given. */
export type Forms = {
  /** Gives equal expressions one identity. */
  readonly share: (expr: Expr) => Expr
  /** And gives their loads the form that all equal loads share, over axes of some sizes. */
  readonly exact: (expr: Expr, sizes: Shape) => Expr
}

/** Normal forms that are found once. */
export const createForms = (): Forms => {
  const share = sharing()
  const known = new Map<Expr, Shape>()
  const exact = (expr: Expr, sizes: Shape): Expr => {
    const before = known.get(expr)
    if (before !== undefined && sameShape(before, sizes)) return expr
    // Shared first of all: what is known about expressions that were there before is found.
    const form = share(withCanonicalLoads(share(expr), sizes))
    known.set(form, sizes)
    return form
  }
  return { share, exact }
}
