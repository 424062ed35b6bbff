import Mocha from 'mocha';

/** Mocha's usual output, and at the end counts and failures as a message to scripts/test.mjs or soak:specs, where these started it. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failures = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      failures.push({ title: test.fullTitle(), error: error.message });
    });
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures: failed, pending } = runner.stats;
      process.send?.({ passed: passes, failed, skipped: pending, failures });
    });
  }
}
