/**
 * The TypeScript compiler on files of this repository, under its own options.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './names.ts'

/** What the compiler prints about `files` (paths in the repository), whether or not it finds mistakes. */
export const compile = (options: readonly string[], files: readonly string[]): string => {
  const folder = mkdtempSync(join(ROOT, 'node_modules/.cotangent-'))
  const config = join(folder, 'tsconfig.json')
  try {
    const list = files.map(file => join(ROOT, file))
    writeFileSync(
      config,
      JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), files: list, include: [], exclude: [] }),
    )
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const all = [tsc, '-p', config, '--rootDir', ROOT, '--pretty', 'false', ...options]
    return execFileSync(process.execPath, all, { cwd: ROOT, encoding: 'utf8' })
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string }
    if (stdout === undefined || stdout === '') throw new Error(`the compiler failed: ${stderr ?? error}`)
    return stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
