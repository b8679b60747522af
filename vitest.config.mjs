// Two projects: `unit` stands beside the source and is quick; `cross` crosses packages and runs real processes.
import { defineConfig } from 'vitest/config'
import { cacheOptions, without } from './test/defences/without.mjs'

const conditions = ['source', 'node', 'import', 'default']
const ssr = { resolve: { conditions, externalConditions: conditions } }
const setupFiles = ['test/property-seed.ts']
const shared = { resolve: { conditions }, ssr, plugins: without() }

export default defineConfig({
  test: {
    ...cacheOptions,
    projects: [
      {
        ...shared,
        test: {
          ...cacheOptions,
          name: 'unit',
          setupFiles,
          include: ['packages/*/src/**/*.test.ts', 'test/architecture.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        ...shared,
        test: {
          ...cacheOptions,
          name: 'cross',
          setupFiles,
          include: ['test/**/*.test.ts'],
          exclude: ['test/architecture.test.ts', '**/node_modules/**'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
        },
      },
    ],
  },
})
