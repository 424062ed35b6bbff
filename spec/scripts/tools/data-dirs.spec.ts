import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DataDirs } from '../../../scripts/tools/data-dirs.js';

describe('DataDirs', () => {
  let out = '';
  beforeEach(() => (out = mkdtempSync(join(tmpdir(), 'data-dirs-'))));
  afterEach(() => rmSync(out, { recursive: true }));

  it('makes a different empty directory each time, below data', () => {
    const dirs = new DataDirs(out);
    const made = [dirs.make('redis'), dirs.make('redis')];
    expect(new Set(made).size).to.equal(2);
    for (const dir of made) expect(dir.startsWith(join(out, 'data', 'redis-'))).to.equal(true);
    dirs.removeAll();
    expect(existsSync(join(out, 'data'))).to.equal(false);
  });

  it('removes what an earlier run left, and nothing else', () => {
    mkdirSync(join(out, 'data', 'old'), { recursive: true });
    writeFileSync(join(out, 'bench.json'), '{}');
    const dirs = new DataDirs(out);
    expect(existsSync(join(out, 'data', 'old'))).to.equal(false);
    expect(existsSync(join(out, 'bench.json'))).to.equal(true);
    const dir = dirs.make('x');
    dirs.remove(dir);
    expect(existsSync(dir)).to.equal(false);
  });
});
