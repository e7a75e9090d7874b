/**
 * Examples, run as a user would.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './names.ts'

/** How a program ended, and what it wrote. */
export type Ended = { readonly code: number | null; readonly out: string; readonly err: string }

/** Runs an example on its arguments; `interrupt` sends Ctrl-C when that text has been seen on stdout. */
export const runExample = (file: string, args: readonly string[], interrupt?: string): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'examples', file), ...args], { cwd: ROOT })
    let [out, err] = ['', '']
    let sent = false
    child.stdout.on('data', chunk => {
      out += chunk
      if (interrupt === undefined || sent || !out.includes(interrupt)) return
      sent = child.kill('SIGINT')
    })
    child.stderr.on('data', chunk => {
      err += chunk
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, out, err }))
  })
