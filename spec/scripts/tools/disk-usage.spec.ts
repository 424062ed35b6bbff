import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskUsageBytes } from '../../../scripts/tools/disk-usage.js';

describe('diskUsageBytes', () => {
  it('adds up what files take, those in folders too', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ringkv-usage-'));
    try {
      mkdirSync(join(directory, 'folder'));
      writeFileSync(join(directory, 'a'), Buffer.alloc(100_000, 1), { flush: true });
      writeFileSync(join(directory, 'folder', 'b'), Buffer.alloc(50_000, 1), { flush: true });
      expect(diskUsageBytes(directory)).to.be.within(150_000, 190_000);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
