import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

// A machine without a GPU may have a Vulkan driver that computes on the CPU, in Debian's chromium. Workers could not set this themselves.
const software = '/usr/lib/chromium/vk_swiftshader_icd.json'
if (existsSync(software) && !existsSync('/dev/dri') && !existsSync('/dev/nvidia0'))
  process.env.VK_ICD_FILENAMES ??= software

export default defineConfig({
  test: {
    pool: 'threads',
    testTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'laws', include: ['test/laws/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/laws/**', 'test/examples/**'] },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['test/types/**/*.test-d.ts'] },
        },
      },
      {
        extends: true,
        // What is printed must not depend on whether the runtime has fused multiply-add.
        test: { name: 'examples', include: ['test/examples/**/*.test.ts'], env: { COTANGENT_FMA: '0' } },
      },
    ],
  },
})
