/** How the tests run: pure ones alone in "unit", those that need PostgreSQL or processes in "real". */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['*/tests/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
