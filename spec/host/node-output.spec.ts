import { expect } from 'chai';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeText } from '../../lib/host/node-output.js';

describe('writeText', () => {
  it('writes all of it, whatever its size', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ringkv-output-'));
    try {
      const path = join(directory, 'f');
      const descriptor = openSync(path, 'w');
      const long = 'ä'.repeat(3_000_000);
      expect(writeText(descriptor, 'one\n')).to.equal(true);
      expect(writeText(descriptor, long)).to.equal(true);
      closeSync(descriptor);
      expect(readFileSync(path, 'utf8') === `one\n${long}`).to.equal(true);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('throws what the system says, but for a reader that has gone', () => {
    if (process.platform !== 'linux') return;
    const full = openSync('/dev/full', 'w');
    expect(() => writeText(full, 'x'))
      .to.throw()
      .with.property('code', 'ENOSPC');
    closeSync(full);
  });
});
