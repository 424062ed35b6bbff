import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stackInSources } from '../../lib/host/node-stack.js';
import { EXECUTABLE } from '../../scripts/tools/executable.js';
import { freePort } from '../../scripts/tools/free-port.js';

describe('stackInSources', () => {
  it('names the line of the source, and leaves alone what has no source map', () => {
    const { stack = '' } = new Error('here');
    expect(stack).to.contain('/dist/spec/host/node-stack.spec.js:');
    const inSources = stackInSources(`${stack}\n    at file:///no/such/file.js:1:2`);
    expect(inSources.split('\n')[1])
      .to.match(/file:\/\/\/.*\/spec\/host\/node-stack\.spec\.ts:14:\d+\)$/)
      .and.not.contain('/dist/');
    expect(inSources).to.contain('    at file:///no/such/file.js:1:2');
  });

  it('leaves alone what was built anew since it was loaded: lines are others there', () => {
    const dir = mkdtempSync(join(tmpdir(), 'ringkv-stack-'));
    try {
      const map = join(dir, 'built.js.map');
      writeFileSync(map, JSON.stringify({ version: 3, sources: ['source.ts'], names: [], mappings: 'AAAA' }));
      const place = `${pathToFileURL(join(dir, 'built.js')).href}:1:1`;
      utimesSync(map, Date.now() / 1000, Date.now() / 1000 + 1);
      expect(stackInSources(place)).to.equal(place);
      utimesSync(map, 1, 1);
      expect(stackInSources(place)).to.equal(`${pathToFileURL(join(dir, 'source.ts')).href}:1:1`);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('showSourcesOfFatalErrors', function () {
  this.timeout(30_000);

  it('shows where in lib/ it was, when an error ends the executable', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'ringkv-stack-'));
    try {
      // Whoever stops on a signal looks at the clock.
      const fault = `process.prependListener('SIGTERM', () => (performance.now = () => { throw new Error('no clock'); }))`;
      const args = [
        '--import',
        `data:text/javascript,${fault}`,
        EXECUTABLE,
        '--port',
        String(await freePort()),
        '--dir',
        dir,
      ];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      const exited = once(child, 'exit');
      let errors = '';
      child.stderr.on('data', (text) => (errors += String(text)));
      let lines = '';
      for await (const text of child.stdout) {
        lines += String(text);
        if (lines.includes('Ready to accept')) child.kill('SIGTERM');
      }
      expect((await exited)[0]).to.not.equal(0);
      expect(errors).to.match(/Error: no clock\n.*\n {4}at .*onSignal \(file:\/\/\/.*\/lib\/main\.ts:\d+:\d+\)/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
