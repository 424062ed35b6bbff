import { execFile } from 'node:child_process';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';
import { expect } from 'chai';

const MODULE = new URL('../../lib/host/node-helper-threads.js', import.meta.url).href;
/** Prints the niceness of each thread, the main one first. */
const PROGRAM = `
  import { readFileSync, readdirSync } from 'node:fs';
  import { putHelperThreadsBehind } from '${MODULE}';
  putHelperThreadsBehind();
  const threads = readdirSync('/proc/self/task').map(Number).sort((a, b) => a - b);
  console.log(threads.map((thread) => readFileSync('/proc/self/task/' + thread + '/stat', 'latin1').split(') ')[1].split(' ')[16]).join());
`;

describe('putHelperThreadsBehind', () => {
  it('leaves the main thread its priority, and lowers that of all that the runtime has started', async function () {
    if (process.platform !== 'linux') this.skip();
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM]);
    const [main, ...others] = stdout.trim().split(',');
    expect(main).to.equal(String(getPriority()));
    expect(new Set(others)).to.deep.equal(new Set(['10']));
  });
});
