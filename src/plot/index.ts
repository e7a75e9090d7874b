/**
 * `cotangent/plot`: charts of experiments as values, and SVG, PNG and HTML files of them. No logic.
 */
export type { Interval } from './axes.ts'
export { type Chart, type Spec, vegaChart } from './chart.ts'
export { confusionChart } from './confusion.ts'
export {
  bandChart,
  type Curve,
  type CurveOptions,
  learningCurves,
  type ScheduleChartOptions,
  scheduleChart,
} from './curves.ts'
export { PlotError, type PlotErrorTag } from './errors.ts'
export { type ImageGridOptions, imageGrid } from './images.ts'
export { type LineOptions, lineChart, type Point, type Series } from './lines.ts'
export { type PngOptions, toPng, toSvg } from './render.ts'
export {
  type Block,
  type Preformatted,
  preformatted,
  type Report,
  report,
  reportTable,
  type Section,
  type Table,
} from './report.ts'
export { writeChart, writeReport } from './write.ts'
