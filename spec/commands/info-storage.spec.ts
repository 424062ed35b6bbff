import { expect } from 'chai';

import { firstStampOf } from '../../lib/base/stamp.js';
import type { StorageFigures } from '../../lib/storage/engine/figures.js';
import { FakeServer, START_MS } from './fake-server.js';

const IDLE = { count: 0, readBytes: 0, writtenBytes: 0, isRunning: false, error: undefined };
const FIGURES: StorageFigures = {
  levels: [
    { db: 0, level: 1, tables: 3, bytes: 900 },
    { db: 12, level: 6, tables: 1, bytes: 99 },
  ],
  tableCount: 4,
  tableBytes: 999,
  quarantined: [],
  logSegments: 2,
  logBytes: 77,
  appendedBytes: 1000,
  flushes: { ...IDLE, count: 5, readBytes: 500, writtenBytes: 450 },
  flushWaits: 1,
  flushUs: 12_345,
  flushBytesPerSecond: 1234.5,
  compactions: { ...IDLE, count: 2, isRunning: true },
  compactionUs: 2_000_000,
  recordsDropped: 7,
  writeAmplification: 2.345,
  readAmplification: 1.1,
  coldReads: 10,
  coldFound: 9,
  blockCache: { bytes: 1, bytesMax: 2, hits: 3, reads: 4, readBytes: 5 },
  indexes: { bytes: 6, bytesMax: 7, tables: 8, loads: 9, files: 10 },
  bloom: { probes: 100, negatives: 89, falsePositives: 1, falsePositiveRate: 1 / 90 },
  flushedStamp: firstStampOf(START_MS - 1500),
  cleanStamp: firstStampOf(START_MS - 2500),
  versionsHeld: 1,
};

/** The fields of the section, by name. */
async function fieldsOf(server: FakeServer): Promise<Map<string, string>> {
  const [title, ...lines] = (await server.connect().askText('info', 'storage')).trimEnd().split('\r\n');
  expect(title).to.equal('# Storage');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function serverWith(figures: Partial<StorageFigures> = {}): FakeServer {
  const server = new FakeServer();
  server.storage.shown = { ...FIGURES, ...figures };
  return server;
}

describe('commands/info-storage', () => {
  it('INFO storage shows levels and counts', async () => {
    const server = serverWith();
    Object.assign(server.storage, { loadedCount: 3, writePressure: 0.25, writeDelayMs: 10.4, writeStalls: 2 });
    const fields = await fieldsOf(server);
    const expected = {
      storage_open: '1',
      tables: '4',
      table_bytes: '999',
      db0_level1: 'tables=3,bytes=900',
      db12_level6: 'tables=1,bytes=99',
      log_segments: '2',
      flushes: '5',
      flush_running: '0',
      flush_last_ms: '12.3',
      compaction_running: '1',
      compaction_ms: '2000',
      write_amplification: '2.35',
      read_amplification: '1.10',
      block_cache_hits: '3',
      index_bytes_max: '7',
      bloom_false_positive_rate: '0.011111',
      loaded_keys: '3',
      flushed_age_ms: '1500',
      clean_age_ms: '2500',
      write_pressure: '0.250',
      write_delay_ms: '10',
      write_stalls: '2',
      backup_running: '0',
      flush_last_error: '',
      quarantined_tables: '0',
    };
    expect(Object.fromEntries(fields)).to.include(expected);
  });

  it('INFO storage says of each database with keys whether their count is exact', async () => {
    const server = serverWith();
    Object.assign(server.keyspace.database(0), { keyCount: 5 });
    Object.assign(server.keyspace.database(3), { keyCount: 7, isEstimate: true });
    const fields = await fieldsOf(server);
    expect(fields.get('db0_keys_exact')).to.equal('yes');
    expect(fields.get('db3_keys_exact')).to.equal('no');
    expect([...fields.keys()].filter((name) => name.endsWith('_keys_exact'))).to.have.length(2);
  });

  it('INFO storage names quarantined tables and the last errors, a line each', async () => {
    const fields = await fieldsOf(
      serverWith({
        quarantined: [
          { id: 7, reason: 'the file is missing' },
          { id: 9, reason: 'x\r\n'.repeat(300) },
        ],
        flushes: { ...IDLE, error: 'no room\non the disk' },
      }),
    );
    expect(fields.get('quarantined_tables')).to.equal('2');
    expect(fields.get('quarantined0')).to.equal('table=7,reason=the file is missing');
    expect(fields.get('quarantined1')).to.match(/^table=9,reason=x x .*\.\.\.$/);
    expect(fields.get('flush_last_error')).to.equal('no room on the disk');
  });

  it('INFO storage has an age of -1 before anything was flushed, and no figures while there is no data', async () => {
    const fields = await fieldsOf(serverWith({ flushedStamp: 0, cleanStamp: -1 }));
    expect([fields.get('flushed_age_ms'), fields.get('clean_age_ms')]).to.deep.equal(['-1', '-1']);
    expect([...(await fieldsOf(new FakeServer()))]).to.deep.equal([['storage_open', '0']]);
  });
});
