import { defineConfig } from 'vitest/config'

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
