import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

const MODULE = new URL('../../lib/host/node-collector.js', import.meta.url).href;
/** Makes garbage enough for collections of all kinds, and prints whether there were some of young objects, and of all. */
const PROGRAM = `
  import { PerformanceObserver, constants } from 'node:perf_hooks';
  import { collectOnOwnThread } from '${MODULE}';
  collectOnOwnThread();
  const kinds = new Set();
  const note = (list) => list.getEntries().forEach(({ detail }) => kinds.add(detail.kind));
  new PerformanceObserver(note).observe({ entryTypes: ['gc'] });
  let kept = [];
  for (let i = 0; i < 1.5e6; i++) {
    kept.push({ i, bytes: i % 100 === 0 ? new Uint8Array(2000) : undefined });
    if (kept.length > 2e5) kept = [];
  }
  setTimeout(() => {
    console.log(kinds.has(constants.NODE_PERFORMANCE_GC_MINOR), kinds.has(constants.NODE_PERFORMANCE_GC_MAJOR));
  }, 10);
`;

describe('collectOnOwnThread', () => {
  it('is something that V8 does: one that has other flags ends the process, or says so', async function () {
    this.timeout(20_000);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM]);
    expect(stdout.trim()).to.equal('true true');
    expect(stderr).to.equal('');
  });
});
