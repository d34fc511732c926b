/** Two kinds of tests: unit tests need nothing but their own process, all others run on a real PostgreSQL. */
import { defineConfig } from 'vitest/config';

const everywhere = ['{ledger,projections,server,scripts,tests,atm-ui,admin-ui}/**/*'];
const unit = everywhere.map((where) => `${where}.unit.test.ts`);

export default defineConfig({
  test: {
    reporters: ['default', './tests/support/closing-line.ts'],
    // Much of a test is waiting: two at a time keep two cores busy.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'unit', include: unit } },
      {
        extends: true,
        test: {
          name: 'bank',
          include: everywhere.map((where) => `${where}.test.ts`),
          exclude: [...unit, '**/node_modules/**'],
          globalSetup: './tests/support/global-setup.ts',
          // A busy machine is slow, not wrong.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
