/** One group of specs: a folder of spec/, run by a mocha process of its own. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { root } from './install.mjs';

/** A group that runs longer hangs, and is ended. */
const groupMsMax = 12 * 60_000;
/** A group that is still there this long after its last test has left something open. */
const lingerMsMax = 10_000;

/**
 * Runs one group; resolves to its name, its seconds and its counts. What goes wrong outside of a test counts as one failure.
 * `output` is where it prints: the descriptor of a file, or 'inherit'.
 */
export function runGroup(name, { mochaArgs, seed, output }) {
  const startMs = performance.now();
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const specs = join('dist', 'spec', name, '**', '*.spec.js');
  const child = fork(mocha, ['--config', 'conf/mocharc.json', ...mochaArgs, specs], {
    cwd: root,
    env: seed === undefined ? process.env : { ...process.env, RINGKV_SPEC_SEED: String(seed) },
    stdio: ['ignore', output, output, 'ipc'],
  });

  return new Promise((resolve) => {
    let counts = { passed: 0, failed: 0, skipped: 0 };
    let ended = false;
    let complaint;
    const kill = (why) => {
      complaint = why;
      child.kill('SIGKILL');
    };
    const interrupt = (signal) => {
      complaint = 'was interrupted';
      child.kill(signal);
    };
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
    let timer = setTimeout(kill, groupMsMax, `did not end within ${groupMsMax / 60_000} minutes`);
    child.on('message', (message) => {
      counts = message;
      ended = true;
      clearTimeout(timer);
      timer = setTimeout(
        kill,
        lingerMsMax,
        `left something open: it did not end ${lingerMsMax / 1000} s after its tests`,
      );
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      if (!ended || (code !== 0 && counts.failed === 0)) complaint ??= `ended with ${signal ?? `code ${code}`}`;
      const { passed, failed, skipped } = counts;
      const seconds = (performance.now() - startMs) / 1000;
      resolve({ name, seconds, passed, skipped, failed: failed + (complaint === undefined ? 0 : 1), complaint });
    });
  });
}
