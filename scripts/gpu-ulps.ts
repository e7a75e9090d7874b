/**
 * Prints how far scalar functions on gpu.js are from the reference, in units in the last place of float32, in every mode that starts
 * here: `npm run gpu:ulps [points]`.
 */
import { openBenches } from '../test/backend/gpu/kernels.ts'
import { BUDGETS, measure } from '../test/backend/gpu/ulps.ts'

const points = Number(process.argv[2] ?? 4000)
const benches = await openBenches()
console.log(`| function | ${benches.map(({ mode }) => mode).join(' | ')} |`)
console.log(`| --- | ${benches.map(() => '---:').join(' | ')} |`)
for (const budget of BUDGETS) {
  const cells: string[] = []
  for (const bench of benches) cells.push((await measure(bench, budget, points)).ulps.toFixed(2))
  console.log(`| ${budget.fn} | ${cells.join(' | ')} |`)
}
process.exit(0)
