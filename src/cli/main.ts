#!/usr/bin/env node
/**
 * `cotangent check`: the laws on this machine, for every registered op or for the functions a file exports.
 *
 * Layer: cli. Exit status 0 when all held, 1 when one failed, 2 when the command line or the file was wrong.
 */
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { type CheckRequest, runCheck } from './check.ts'

const usage = `usage: cotangent check [FILE] [options]

Without FILE, tries the laws of every registered op on this machine's backends and prints a table.
With FILE (JavaScript or TypeScript), tries them on every function it exports: derivatives of first and second order
against finite differences, vjp against jvp, vmap against a loop, each backend against the reference. A function is given
tensors of one random shape, one for each parameter, unless the file also exports
  export const samples = { name: draw => [draw.tensor([3]), draw.tensor([3, 2])] }

options
  --op NAME        only this op or function; may be repeated
  --backend NAME   only this backend: reference, wasm; may be repeated
  --runs N         cases for each law (default 20)
  --seed N         seed of all choices (default: a new one each time, printed)
  --help           this text
  --version        the version of cotangent`

const fail = (why: string): never => {
  process.stderr.write(`cotangent: ${why}\n\n${usage}\n`)
  process.exit(2)
}

const wholeNumber = (flag: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  return /^-?\d+$/.test(text) ? Number(text) : fail(`--${flag} needs a whole number, got '${text}'`)
}

const parse = (args: readonly string[]): CheckRequest => {
  const options = {
    op: { type: 'string', multiple: true },
    backend: { type: 'string', multiple: true },
    runs: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean' },
  } as const
  const parsed = E.tryCatch(() => parseArgs({ args: [...args], options, allowPositionals: true }), E.toError)
  if (E.isLeft(parsed)) return fail(parsed.left.message)
  const { values, positionals } = parsed.right
  if (values.help === true || args.length === 0) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  if (values.version === true) {
    process.stdout.write(`${createRequire(import.meta.url)('../../package.json').version}\n`)
    process.exit(0)
  }
  const [command, file, ...more] = positionals
  if (command !== 'check') return fail(command === undefined ? 'say what to do: check' : `unknown command '${command}'`)
  if (more.length > 0) return fail(`check takes one file, got ${more.length + 1}`)
  const runs = wholeNumber('runs', values.runs) ?? 20
  if (runs < 1) return fail('--runs must be at least 1')
  return {
    file: file ?? null,
    ops: values.op ?? [],
    backends: values.backend ?? [],
    runs,
    seed: wholeNumber('seed', values.seed) ?? Math.floor(Math.random() * 2 ** 31),
  }
}

const result = await runCheck(parse(process.argv.slice(2)), text => process.stdout.write(`${text}\n`))
if (E.isLeft(result)) {
  process.stderr.write(`cotangent: ${result.left}\n`)
  process.exitCode = 2
} else process.exitCode = result.right ? 0 : 1
