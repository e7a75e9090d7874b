/**
 * A line search for the strong Wolfe conditions, on numbers.
 *
 * Layer: optim. Nocedal and Wright (2006), Numerical Optimization, algorithms 3.5 and 3.6, with the cubic through two values and two
 * slopes (equation 3.59) for the next step. Near a minimum a decrease drowns in rounding while slopes still tell: there the first
 * condition is read off the slope, as in Hager and Zhang (2005), equation 4.1. Read next: lbfgs.ts.
 */

/** What is known at a step along the line; `point` is whatever the caller keeps of it. */
export type Probe<P> = { readonly step: number; readonly value: number; readonly slope: number; readonly point: P }

/** A step that was found: whether it meets both conditions, or only goes down as far as rounding lets it. */
export type Found<P> = { readonly probe: Probe<P>; readonly evaluations: number }

/** Conditions: value ≤ value₀ + decrease · step · slope₀, and |slope| ≤ curvature · |slope₀|. */
export type Wolfe = { readonly decrease: number; readonly curvature: number; readonly evaluations: number }

/** Steps nearer to an end of the bracket than this part of it would shrink it too little. */
const MARGIN = 0.1
/** How much farther than the last the next step may be, while no bracket is known. */
const EXPANSION = 10

/** The lowest point of the cubic with the values and slopes of two probes; NaN where it has none. */
export const cubicMinimum = <P>(a: Probe<P>, b: Probe<P>): number => {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.step - b.step)
  const d2 = Math.sign(b.step - a.step) * Math.sqrt(d1 * d1 - a.slope * b.slope)
  return b.step - ((b.step - a.step) * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2)
}

/** `t` if it is in between and not NaN, else the nearer end, or the middle. */
const within = (low: number, high: number, t: number): number =>
  Number.isNaN(t) ? (low + high) / 2 : Math.min(high, Math.max(low, t))

type Line<P> = {
  readonly at: (step: number) => Probe<P>
  readonly start: Probe<P>
  readonly wolfe: Wolfe
  /** By how much values may be wrong. */
  readonly rounding: number
}

const tooHigh = <P>({ start, wolfe, rounding }: Line<P>, { step, value, slope }: Probe<P>): boolean =>
  !(
    value <= start.value + wolfe.decrease * step * start.slope ||
    (value <= start.value + rounding && slope <= (2 * wolfe.decrease - 1) * start.slope)
  )
const flat = <P>({ start, wolfe }: Line<P>, probe: Probe<P>): boolean =>
  Math.abs(probe.slope) <= -wolfe.curvature * start.slope

/** Between a step `low` that goes down enough and a step `high` beyond a minimum. */
const zoom = <P>(line: Line<P>, first: Probe<P>, second: Probe<P>, used: number): Found<P> => {
  let [low, high, evaluations] = [first, second, used]
  for (; evaluations < line.wolfe.evaluations; evaluations++) {
    const [left, right] = [Math.min(low.step, high.step), Math.max(low.step, high.step)]
    const margin = MARGIN * (right - left)
    const probe = line.at(within(left + margin, right - margin, cubicMinimum(low, high)))
    if (probe.step === low.step || probe.step === high.step) break
    if (tooHigh(line, probe) || probe.value > low.value + line.rounding) high = probe
    else {
      if (flat(line, probe)) return { probe, evaluations: evaluations + 1 }
      if (probe.slope * (high.step - low.step) >= 0) high = low
      low = probe
    }
  }
  return { probe: low, evaluations }
}

/**
 * A step along a line on which the start goes down, with strong Wolfe conditions; `first` is the step to try first. Where no such step
 * is found in `wolfe.evaluations` evaluations, the best that goes down, which may be the start itself. Values that are not finite are
 * too high.
 */
export const strongWolfe = <P>(line: Line<P>, first: number): Found<P> => {
  let before = line.start
  let probe = line.at(first)
  for (let evaluations = 1; ; evaluations++) {
    if (tooHigh(line, probe) || (evaluations > 1 && probe.value > before.value + line.rounding))
      return zoom(line, before, probe, evaluations)
    if (flat(line, probe)) return { probe, evaluations }
    if (probe.slope >= 0) return zoom(line, probe, before, evaluations)
    if (evaluations >= line.wolfe.evaluations) return { probe, evaluations }
    const next = within(
      probe.step + 0.01 * (probe.step - before.step),
      probe.step * EXPANSION,
      cubicMinimum(before, probe),
    )
    before = probe
    probe = line.at(next)
  }
}
