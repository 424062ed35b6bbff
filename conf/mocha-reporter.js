import Mocha from 'mocha';

/** Mocha's usual output, and at the end the counts as a message to scripts/test.mjs, where that started it. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      process.send?.({ passed: passes, failed: failures, skipped: pending });
    });
  }
}
