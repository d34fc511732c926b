/** The kinds of tests: those that need nothing but their own process, a real PostgreSQL, built screens too, or containers. */
import { defineConfig } from 'vitest/config';

const everywhere = ['{verifier,ledger,projections,api,server,importer,operations,tests,atm-ui,admin-ui}/**/*'];
const unit = everywhere.map((where) => `${where}.unit.test.ts`);
/** What opens a screen, or starts the bank as `npm start` does, which builds the screens first. */
const screens = [
  '{atm,admin}-ui/tests/**/*.test.ts',
  'verifier/tests/page.test.ts',
  'server/tests/pages.test.ts',
  'operations/tests/{start*,dev}.test.ts',
  'tests/{readme,nothing-secret}.test.ts',
];
const inContainers = 'tests/containers/*.test.ts';

/** A busy machine is slow, not wrong. */
const patience = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 30_000 } } };

/**
 * Browsers and databases on a busy machine: what needed it is named at the end of the run, as unsteady, with its first error.
 * Drills, crashes and properties have none (`retry: 0`): what they find by chance is a defect.
 */
const secondAttempt = { retry: 1 };

export default defineConfig({
  test: {
    reporters: ['default', './tests/support/closing-line.ts'],
    // Much of a test is waiting: two at a time, of whichever kind, keep two cores busy.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'unit', include: unit, ...patience } },
      {
        extends: true,
        test: {
          name: 'bank',
          include: everywhere.map((where) => `${where}.test.ts`),
          exclude: [...unit, ...screens, inContainers, '**/node_modules/**'],
          globalSetup: './tests/support/postgres-setup.ts',
          ...secondAttempt,
          ...patience,
        },
      },
      {
        extends: true,
        test: {
          name: 'screens',
          include: screens,
          exclude: [...unit, '**/node_modules/**'],
          globalSetup: ['./tests/support/screens-setup.ts', './tests/support/postgres-setup.ts'],
          ...secondAttempt,
          ...patience,
        },
      },
      {
        extends: true,
        test: {
          name: 'containers',
          include: [inContainers],
          globalSetup: './tests/containers/install-packages.ts',
          ...patience,
        },
      },
    ],
  },
});
