import { expect } from 'chai';
import type { Sample } from '../../../scripts/storage/samples.js';
import { storeState, summarize } from '../../../scripts/storage/samples.js';
import { ServerInfo } from '../../../scripts/tools/server-info.js';

const sample = (writes: number, delayMs: number, appendedBytes: number, writtenBytes: number): Sample => ({
  ...{ writes, delayMs, appendedBytes, writtenBytes },
  level0Tables: 0,
  levels: 1,
});

describe('storeState', () => {
  const text = [
    ...['# Storage', 'db0_level0:tables=3,bytes=9', 'db2_level0:tables=2,bytes=9', 'db0_level6:tables=1,bytes=9'],
    ...['log_appended_bytes:100', 'flush_written_bytes:90', 'compaction_written_bytes:210', 'write_delay_ms:7', ''],
  ].join('\r\n');

  it('adds up what INFO storage says', () => {
    const expected = { level0Tables: 5, levels: 3, delayedMs: 7, appendedBytes: 100, writtenBytes: 400 };
    expect(storeState(new ServerInfo(text))).to.deep.equal(expected);
  });

  it('refuses a section that lacks a field', () => {
    expect(() => storeState(new ServerInfo(text.replace('write_delay_ms', 'x')))).to.throw('write_delay_ms');
  });
});

describe('summarize', () => {
  it('says how many seconds passed without a write, and what writing cost between the first and the last', () => {
    const samples = [sample(5, 0, 100, 300), sample(0, 900, 150, 350), sample(20, 500, 200, 800)];
    expect(summarize(samples)).to.deep.equal({
      seconds: 3,
      secondsWithoutWrites: 1,
      writesMin: 0,
      writesMedian: 5,
      writesMax: 20,
      writeAmplification: 5,
      stalledSeconds: 1,
      delayMs: 1400,
    });
  });

  it('refuses a soak that was none', () => expect(() => summarize([sample(1, 0, 1, 1)])).to.throw('two seconds'));
});
