/**
 * A folder for generated modules, where they can be run and type-checked against the sources.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './names.ts'

/** From a module in a folder of the workshop to the repository. */
export const UP = '../../../..'

export type Workshop = {
  readonly folder: string
  /** Writes modules, named by their path of the form folder/file.ts. */
  readonly write: (files: ReadonlyMap<string, string>) => void
  /** Runs a TypeScript file; stdout, or an error with what it wrote to stderr. */
  readonly run: (file: string, args?: readonly string[], cwd?: string) => { readonly out: string; readonly err: string }
  /** What the type checker finds in modules of the workshop. */
  readonly typeErrors: (files: readonly string[]) => readonly string[]
  readonly close: () => void
}

/** Inside node_modules, from where packages are found and git does not look. */
export const openWorkshop = (): Workshop => {
  const cache = join(ROOT, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'cotangent-docs-'))
  const write = (files: ReadonlyMap<string, string>): void => {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
  }
  write(new Map([['package.json', '{ "type": "module" }']]))
  const node = (args: readonly string[], cwd: string) => {
    const { stdout, stderr, error } = spawnSync(process.execPath, args, {
      cwd,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    })
    if (error !== undefined) throw error
    return { out: stdout, err: stderr }
  }
  return {
    folder,
    write,
    run: (file, args = [], cwd = folder) => node(['--import', 'tsx', file, ...args], cwd),
    typeErrors: files => {
      write(new Map([['tsconfig.json', JSON.stringify({ extends: '../../../tsconfig.json', files, include: [] })]]))
      const { out } = node([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], folder)
      return out.split('\n').filter(line => /^[\w.-]+\//.test(line) && !line.startsWith('../'))
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
