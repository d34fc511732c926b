/** A test run's last words: every skipped test by name, every one that needed a second attempt and why, then the counts. */
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const withState = (state: string) => tests.filter((test) => test.result().state === state);
    const skipped = withState('skipped');
    for (const test of skipped) {
      const result = test.result();
      const reason = result.state === 'skipped' && result.note !== undefined ? ` (${result.note})` : '';
      console.log(`skipped: ${test.module.relativeModuleId} > ${test.fullName}${reason}`);
    }
    for (const test of tests.filter((test) => test.diagnostic()?.flaky === true)) {
      const first = test.result().errors?.[0]?.message.split('\n', 1)[0] ?? '';
      console.log(`unsteady: ${test.module.relativeModuleId} > ${test.fullName} (at its first attempt: ${first})`);
    }
    // A file that cannot be loaded, what comes before or after a suite's tests, or an error outside all fails the run too.
    const files = modules.filter((module) => module.errors().length > 0);
    const suites = modules.flatMap((module) =>
      [...module.children.allSuites()].filter((one) => one.errors().length > 0),
    );
    const failed = withState('failed').length + files.length + suites.length + unhandledErrors.length;
    console.log(
      `${String(withState('passed').length)} passed, ${String(failed)} failed, ${String(skipped.length)} skipped`,
    );
  }
}
