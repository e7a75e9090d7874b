/**
 * A folder for generated modules, where they can be run and type-checked against the sources.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './names.ts'

/** From a module in a folder of the workshop to the repository. */
export const UP = '../../../..'

/** What a program wrote to stdout and to stderr. */
export type Output = { readonly out: string; readonly err: string }

/** Node on its arguments, whatever its exit status. */
const node = (args: readonly string[], cwd: string): Promise<Output> =>
  new Promise(resolve => {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, COTANGENT_FMA: '0' }
    execFile(process.execPath, args, { cwd, env, maxBuffer: 2 ** 26 }, (_status, out, err) => resolve({ out, err }))
  })

/** The folder, and what can be done in it. */
export type Workshop = {
  readonly folder: string
  /** Writes modules, named by their path of the form folder/file.ts. */
  readonly write: (files: ReadonlyMap<string, string>) => void
  /** Runs a TypeScript file. */
  readonly run: (file: string, args?: readonly string[], cwd?: string) => Promise<Output>
  /** What the type checker finds in modules of the workshop. Throws where it cannot be run. */
  readonly typeErrors: (files: readonly string[]) => Promise<readonly string[]>
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
  return {
    folder,
    write,
    run: (file, args = [], cwd = folder) => node(['--import', 'tsx', file, ...args], cwd),
    typeErrors: async files => {
      write(new Map([['tsconfig.json', JSON.stringify({ extends: '../../../tsconfig.json', files, include: [] })]]))
      const { out, err } = await node([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], folder)
      // Those in sources are the business of `npm run typecheck`.
      const errors = out.split('\n').filter(line => line.includes('error TS') && !line.startsWith('../'))
      const stray = errors.find(line => !files.some(file => line.startsWith(`${file}(`)))
      if (err !== '' || stray !== undefined) throw new Error(`the type checker failed: ${err}${stray}`)
      return errors
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
