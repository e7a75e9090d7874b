import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logTicks } from '../../src/plot/axes.ts'
import { bandChart, type Chart, learningCurves, lineChart, type Series, scheduleChart } from '../../src/plot/index.ts'
import type { Row } from '../../src/plot/layers.ts'
import { check, mistake, SEED } from '../support/values.ts'
import { count, drawn, misplaced, series, textsOf } from './support.ts'

const titles = { title: 'Title', x: 'epoch', y: 'loss (nats)' }
const rowsOf = ({ spec }: Chart): readonly Row[] => (spec.data as { readonly values: readonly Row[] }).values
const logs = fc.constantFrom(undefined, 'x', 'y', 'xy') as fc.Arbitrary<'x' | 'y' | 'xy' | undefined>
const lines = (all: readonly Series[], log?: 'x' | 'y' | 'xy'): Chart =>
  lineChart({ ...titles, series: all, ...(log === undefined ? {} : { log }) })

describe('lineChart', () => {
  it('draws every point that an axis can show, and says of all others that they are left out', () => {
    check(
      fc.property(series, logs, (all, log) => {
        const chart = lines(all, log)
        const total = all.reduce((sum, { points }) => sum + points.length, 0)
        const leftOut = chart.notes.reduce((sum, note) => sum + Number(/: (\d+) point/.exec(note)?.[1] ?? 0), 0)
        expect(rowsOf(chart).length + leftOut).toBe(total)
        const least = log === 'y' || log === 'xy' ? Number.MIN_VALUE : -Infinity
        expect(rowsOf(chart).every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y) && y >= least)).toBe(true)
      }),
    )
  })

  it('breaks the line where points are left out, and marks the points that are left alone', () => {
    const ys = [1, 2, Number.NaN, 3, Infinity, -1, 4, 5]
    const of = (log?: 'y') =>
      rowsOf(lines([{ name: 'a', points: ys.map((y, i) => [i, y]) }], log)).map(({ y, piece, lone }) => [
        y,
        piece,
        lone,
      ])
    expect(of()).toEqual([
      [1, 0, false],
      [2, 0, false],
      [3, 1, true],
      [-1, 2, false],
      [4, 2, false],
      [5, 2, false],
    ])
    expect(of('y')).toEqual([
      [1, 0, false],
      [2, 0, false],
      [3, 1, true],
      [4, 3, false],
      [5, 3, false],
    ])
  })

  it('has a line for every piece, and all names, titles and notes, in well-formed SVG', async () => {
    await fc.assert(
      fc.asyncProperty(series, logs, async (all, log) => {
        const chart = lines(all, log)
        const svg = await drawn(chart)
        expect(misplaced(svg)).toEqual([])
        const pieces = new Set(rowsOf(chart).map(({ name, piece }) => `${name} ${piece}`))
        expect(count(svg, /aria-roledescription="line mark"/g)).toBe(pieces.size)
        for (const text of ['Title', 'epoch', 'loss (nats)', ...all.map(({ name }) => name)])
          expect(textsOf(svg)).toContain(text)
        expect(textsOf(svg).join(' ')).toContain(chart.notes.join(' '))
        expect(svg).not.toMatch(/NaN|undefined|Infinity/)
      }),
      { seed: SEED, numRuns: 30 },
    )
  })

  it('gives every series a look of its own', async () => {
    const names = Array.from({ length: 28 }, (_, i) => `run ${i}`)
    const svg = await drawn(
      lines(
        names.map((name, i) => ({
          name,
          points: [
            [0, i],
            [1, i + 1],
          ],
        })),
      ),
    )
    const looks = [
      ...svg.matchAll(/aria-roledescription="line mark"[^>]*stroke="([^"]*)"[^>]*?(?:stroke-dasharray="([^"]*)"|\/>)/g),
    ]
    expect(new Set(looks.map(([, colour, dash]) => `${colour} ${dash}`)).size).toBe(28)
  })

  it('is 720 pixels wide, and as high for one series as for six', async () => {
    const size = async (n: number) =>
      /<svg[^>]* width="(\d+)" height="(\d+)"/
        .exec(await drawn(lines(Array.from({ length: n }, (_, i) => ({ name: `${i}`, points: [[0, i]] })))))
        ?.slice(1)
    expect(await size(1)).toEqual(['720', '426'])
    expect(await size(6)).toEqual(['720', '426'])
  })

  it('places points by their logarithm on a log axis, by their value on a linear one', async () => {
    const heights = async (ys: readonly number[], log?: 'y') => {
      const svg = await drawn(lines([{ name: 'a', points: ys.map((y, i) => [i, y]) }], log))
      const dots = [...svg.matchAll(/aria-roledescription="point"[^>]*transform="translate\([^,]+,([^)]+)\)"/g)]
      return dots.map(([, y]) => Number(y))
    }
    const even = ([a = 0, b = 0, c = 0]: readonly number[]) => expect(a - b).toBeCloseTo(b - c, 2)
    even(await heights([0.01, 1, 100], 'y'))
    even(await heights([-3, 1, 5]))
    expect((await heights([-3, 1, 5])).length).toBe(3)
  })

  it('cuts a band at a log axis, and leaves the mean whole', () => {
    const band = [
      [-1, 3],
      [0.5, 2],
    ] as const
    const chart = lineChart({
      ...titles,
      log: 'y',
      series: [
        {
          name: 'a',
          points: [
            [1, 1],
            [2, 1],
          ],
          band,
        },
      ],
    })
    expect(chart.notes).toEqual(['a: the band reaches 0 or less at 1 point, and is cut at the axis.'])
    expect(rowsOf(chart).every(({ low = 0 }) => low > 0)).toBe(true)
  })

  it('shows a frame and a note where nothing can be drawn', async () => {
    const svg = await drawn(
      lines(
        [
          {
            name: 'a',
            points: [
              [1, Number.NaN],
              [2, -1],
            ],
          },
        ],
        'y',
      ),
    )
    expect(textsOf(svg)).toContain('a: 1 point not finite, left out.')
    expect(textsOf(svg)).toContain('a: 1 point not above 0, left out of the log axis.')
  })

  it.each<[string, Parameters<typeof lineChart>[0]]>([
    ['ValueError: lineChart: there is no series to draw', { ...titles, series: [] }],
    ['ValueError: lineChart: series "a" has no points', { ...titles, series: [{ name: 'a', points: [] }] }],
    [
      'ValueError: lineChart: two series are named "a"',
      { ...titles, series: ['a', 'a'].map(name => ({ name, points: [[1, 1]] })) },
    ],
    [
      'ValueError: lineChart: series "a" has 1 points and 2 intervals in its band',
      {
        ...titles,
        series: [
          {
            name: 'a',
            points: [[1, 1]],
            band: [
              [0, 1],
              [0, 1],
            ],
          },
        ],
      },
    ],
    [
      'ValueError: lineChart: yRange must rise between two finite numbers above 0, got [0, 1]',
      { ...titles, log: 'y', yRange: [0, 1], series: [{ name: 'a', points: [[1, 1]] }] },
    ],
  ])('%s', (message, options) => {
    expect(mistake(() => lineChart(options))).toContain(message)
  })
})

describe('ticks of a log axis', () => {
  const interval = fc
    .tuple(fc.double({ min: -12, max: 12, noNaN: true }), fc.double({ min: 0.05, max: 20, noNaN: true }))
    .map(([low, length]) => [10 ** low, 10 ** (low + length)] as const)
  it('lie in the interval, rise, and are neither few nor many', () => {
    check(
      fc.property(interval, ([low, high]) => {
        const ticks = logTicks([low, high])
        expect(ticks.every((x, i) => x >= low && x <= high && x > (ticks[i - 1] ?? 0))).toBe(true)
        expect(ticks.length).toBeGreaterThanOrEqual(2)
        expect(ticks.length).toBeLessThanOrEqual(13)
      }),
      1000,
    )
  })
  it('are known', () => {
    expect(logTicks([0.03, 2])).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2])
    expect(logTicks([1e-5, 1])).toEqual([1e-5, 1e-4, 1e-3, 0.01, 0.1, 1])
    expect(logTicks([0.6, 0.71])).toEqual([0.6, 0.65, 0.7])
  })
})

describe('curves of training', () => {
  it('count from 1 where only values are given', () => {
    const [a, b] = [
      [3, 2],
      [
        [1, 3],
        [2, 2],
      ],
    ] as const
    expect(rowsOf(learningCurves(titles)({ run: a }))).toEqual(rowsOf(learningCurves(titles)({ run: b })))
  })

  // numpy.mean and numpy.std of [1, 2, 4], with ddof 0 and 1.
  it.each([
    [0 as const, 1.247219128924647],
    [1 as const, 1.5275252316519468],
  ])('bands are mean ± standard deviation with correction %i', (correction, deviation) => {
    const [row] = rowsOf(bandChart({ title: '', y: '', correction })({ a: [[1], [2], [4]] }))
    expect(row?.y).toBeCloseTo(7 / 3, 12)
    expect(row?.low).toBeCloseTo(7 / 3 - deviation, 12)
    expect(row?.high).toBeCloseTo(7 / 3 + deviation, 12)
  })

  it('bands hold the mean, have no width over equal runs, and there is none over one run with correction 1', () => {
    const runs = fc.array(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 5,
    })
    check(
      fc.property(runs, all => {
        for (const { low = NaN, y, high = NaN } of rowsOf(bandChart({ title: '', y: '' })({ a: all })))
          expect(low <= y && y <= high).toBe(true)
        const [first = []] = all
        for (const { low, y, high } of rowsOf(bandChart({ title: '', y: '' })({ a: [first, first] })))
          expect([low, high]).toEqual([y, y])
      }),
    )
    expect(rowsOf(bandChart({ title: '', y: '', correction: 1 })({ a: [[1, 2]] })).map(({ low }) => low)).toEqual([
      undefined,
      undefined,
    ])
  })

  it('a mean over a run that diverged is a gap', () => {
    const chart = bandChart({ title: '', y: '' })({
      a: [
        [1, 2, 3],
        [1, Infinity, 3],
      ],
    })
    expect(rowsOf(chart).map(({ x }) => x)).toEqual([1, 3])
    expect(chart.notes).toEqual([
      'Line and band: mean ± standard deviation over 2 runs.',
      'a: 1 point not finite, left out.',
    ])
  })

  it('bands of runs that do not fit together, or of none, are errors', () => {
    const bands = bandChart({ title: '', y: '' })
    expect(mistake(() => bands({ a: [] }))).toContain('ValueError: bandChart: "a" has no runs')
    expect(mistake(() => bands({ a: [[1, 2], [1]] }))).toContain(
      'run 1 of "a" has other points on the x axis than run 0',
    )
  })

  it('schedules are drawn at every step from 0, and at 2000 of very many', () => {
    const steps = (n: number) => rowsOf(scheduleChart({ steps: n })({ a: step => step })).map(({ x }) => x)
    expect(steps(1)).toEqual([0])
    expect(steps(4)).toEqual([0, 1, 2, 3])
    const many = steps(1_000_000)
    expect([many.length, many.at(0), many.at(-1)]).toEqual([2000, 0, 999_999])
    const rates = (step: number): number => (step < 60 ? 1 : 0.5)
    expect(rowsOf(scheduleChart({ steps: 100 })({ a: rates })).map(({ x }) => x)).toEqual([0, 60, 99])
    expect(rowsOf(scheduleChart({ steps: 100, join: 'straight' })({ a: rates }))).toHaveLength(100)
    expect(mistake(() => scheduleChart({ steps: 0 })({ a: s => s }))).toContain(
      'steps must be a whole number of at least 1, got 0',
    )
  })
})
