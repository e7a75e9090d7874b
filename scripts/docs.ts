/**
 * Writes what the documentation has from elsewhere: the table of ops, and the tables of results. npm run docs.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { opsTable } from './ops-table.ts'
import { withResults } from './results.ts'

const root = join(import.meta.dirname, '..')
writeFileSync(join(root, 'docs/ops.md'), opsTable())
for (const folder of ['docs', 'examples'])
  for (const name of readdirSync(join(root, folder)).filter(file => file.endsWith('.md'))) {
    const path = join(root, folder, name)
    writeFileSync(path, withResults(readFileSync(path, 'utf8')))
  }
