/**
 * The page docs/ops.md: the table of all ops, from the registry. `npm run docs` writes it.
 */
import type { Entry } from '../src/ops/index.ts'
import { registry } from '../src/transform/registry.ts'

const head = `# Ops

All ops with laws, by family. This page is written by \`npm run docs\` from the registry that the tests walk.

A *primitive* has a kernel of its own; a *composition* is made of others and gets derivatives, batching and kernels from
them. How an op is differentiated is one of

- \`transpose\`: it is linear in some or all of its arguments, which gives both modes;
- \`jvp\`: its output tangents are written with linear ops, and reverse mode follows by transposing that rule;
- \`zero\`: its derivative is 0 wherever it exists, as that of a comparison;
- \`parts\`: through the ops it is composed of.

Not in the table, because there is nothing to differentiate or nothing but a change of axes: \`tensor\`, \`scalar\`, \`full\`,
\`zeros\`, \`ones\`, \`zerosLike\`, \`onesLike\`, \`fullLike\`, \`arange\`, \`linspace\`, \`logspace\`, \`geomspace\`, \`eye\`, \`tri\`, \`moveAxis\`,
\`matrixTranspose\`; and \`stopGradient\`, whose derivative is 0 by decree.
`

const ruleOf = ({ op }: Entry): string =>
  op === null ? 'parts' : op.constant ? 'zero' : op.transpose !== undefined ? 'transpose' : 'jvp'

const row = (entry: Entry): string =>
  `| \`${entry.name}\` | ${entry.doc.replaceAll('|', '\\|')} | ${entry.op === null ? 'composition' : 'primitive'} | \`${ruleOf(entry)}\` |`

/** The page. */
export const opsTable = (): string => {
  const families = [...new Set(registry.map(entry => entry.family))]
  const tables = families.map(family => {
    const entries = registry.filter(entry => entry.family === family)
    const rows = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(row)
    return [`## ${family}`, '', '| op | what it is | kind | derivative |', '| --- | --- | --- | --- |', ...rows].join(
      '\n',
    )
  })
  return `${[head.trimEnd(), ...tables].join('\n\n')}\n`
}
