/** A test run's last words: every skipped test by name, then one plain line with the counts. */
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
    // A file that cannot be loaded, or an error outside every test, fails the run as well.
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length;
    const failed = withState('failed').length + brokenFiles + unhandledErrors.length;
    console.log(
      `${String(withState('passed').length)} passed, ${String(failed)} failed, ${String(skipped.length)} skipped`,
    );
  }
}
