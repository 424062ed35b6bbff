import { expect } from 'chai';

import { SLOT_SPAN } from '../../../lib/base/position.js';
import { SlotStamps } from '../../../lib/record/slot-stamps.js';
import { DeletesLimit } from '../../../lib/storage/engine/deletes-limit.js';
import type { CompactionJob } from '../../../lib/storage/jobs/job.js';
import { Version } from '../../../lib/storage/levels/version.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { tableOf } from '../levels/some-tables.js';

const SLOT = 3;
const RANGE = { smallest: SLOT * SLOT_SPAN, largest: SLOT * SLOT_SPAN + 100 };

/** A limit over tables of level 0, newest last, with what it goes by in the hands of the spec. */
class Limit {
  cleanUpTo = 1000;
  knownUpTo = 0;
  readonly settled = new SlotStamps();
  readonly limit: DeletesLimit;
  private version = Version.empty;

  constructor(...tables: TableMeta[]) {
    this.version = this.version.apply({ added: tables.map((table) => ({ level: 0, table })) });
    const current = (): Version => this.version;
    const versions = {
      get current(): Version {
        return current();
      },
    };
    this.limit = new DeletesLimit({
      versions,
      deadUpTo: this.settled,
      knownUpTo: () => this.knownUpTo,
      cleanUpTo: () => this.cleanUpTo,
    });
  }

  settle(stamp: number): void {
    this.settled.raiseAll([[SLOT, stamp]]);
  }

  damage({ id }: TableMeta): void {
    this.version = this.version.apply({ quarantined: [{ id, reason: 'a checksum is wrong' }] });
  }

  rules(...inputs: TableMeta[]): Pick<CompactionJob, 'deadUpTo' | 'deeper'> {
    const runs = inputs.map((table) => [table]);
    const deeper = new Float64Array(0);
    return this.limit.rulesFor({
      kind: 'merge',
      db: 0,
      reason: 'deletes',
      score: 0,
      runs,
      outputLevel: 1,
      deeper,
      expireUpToMs: 0,
    });
  }
}

function deletes(id: number, minStamp: number, emptyCount = 5): TableMeta {
  return tableOf({ ...RANGE, id, minStamp, maxStamp: minStamp + 50, emptyCount });
}

describe('DeletesLimit', () => {
  it('lets go what is settled and in tables, and says up to where it may be gone', () => {
    const table = deletes(1, 100);
    const bench = new Limit(table);
    expect(bench.limit.mayLose(table)).to.equal(false);
    expect(bench.rules(table).deadUpTo).to.deep.equal(new Float64Array(0));
    expect(bench.limit.gone.of(SLOT)).to.equal(0);
    bench.settle(400);
    expect(bench.limit.mayLose(table)).to.equal(true);
    expect(bench.rules(table)).to.deep.equal({
      deadUpTo: Float64Array.of(SLOT, SLOT + 1, 400),
      deeper: new Float64Array(0),
    });
    expect(bench.limit.gone.of(SLOT)).to.equal(400);
    // Something came late.
    bench.cleanUpTo = 300;
    expect(bench.rules(table).deadUpTo).to.deep.equal(Float64Array.of(SLOT, SLOT + 1, 300));
    expect(bench.limit.gone.of(SLOT)).to.equal(400);
  });

  it('keeps what may hide something in another table there, however new that is', () => {
    const [input, old, young] = [deletes(1, 100), deletes(2, 200), deletes(3, 500)];
    const bench = new Limit(input, old, young);
    bench.settle(400);
    expect(bench.rules(input).deeper).to.deep.equal(Float64Array.of(old.smallest, old.largest));
    expect(bench.rules(input, old).deeper).to.deep.equal(new Float64Array(0));
  });

  it('keeps what is settled until all that was known by then is in tables, and where any table beside the inputs is as old', () => {
    const [input, amended, young] = [deletes(1, 100), deletes(2, 500), deletes(3, 700)];
    const bench = new Limit(input, amended, young);
    bench.cleanUpTo = 450;
    bench.knownUpTo = 600;
    bench.settle(400);
    expect(bench.limit.mayLose(input)).to.equal(false);
    expect(bench.rules(input).deadUpTo).to.deep.equal(new Float64Array(0));
    bench.cleanUpTo = 600;
    bench.knownUpTo = 800;
    expect(bench.limit.mayLose(input)).to.equal(true);
    expect(bench.rules(input).deeper).to.deep.equal(Float64Array.of(amended.smallest, amended.largest));
    expect(bench.rules(input, amended).deeper).to.deep.equal(new Float64Array(0));
    // More is settled: what was before still goes meanwhile.
    bench.settle(550);
    expect(bench.rules(input, amended).deadUpTo).to.deep.equal(Float64Array.of(SLOT, SLOT + 1, 400));
    bench.cleanUpTo = 800;
    expect(bench.rules(input, amended, young).deadUpTo).to.deep.equal(Float64Array.of(SLOT, SLOT + 1, 550));
    // The slot was given up.
    bench.settled.retain(() => false);
    expect(bench.rules(input, amended, young).deadUpTo).to.deep.equal(new Float64Array(0));
  });

  it('keeps everything while a table is damaged', () => {
    const [table, damaged] = [deletes(1, 100), deletes(2, 200)];
    const bench = new Limit(table, damaged);
    bench.settle(400);
    bench.damage(damaged);
    expect(bench.limit.mayLose(table)).to.equal(false);
    expect(bench.rules(table).deadUpTo).to.deep.equal(new Float64Array(0));
    expect(bench.limit.gone.of(SLOT)).to.equal(0);
  });

  it('tries again what was in vain when so much more is settled, later each time, and at once when the log has caught up', () => {
    const table = deletes(1, 100);
    const bench = new Limit(table);
    const tryInVain = (before: TableMeta, id: number): TableMeta => {
      const next = deletes(id, 100);
      bench.limit.begin([before])({ tables: [next], emptyDropped: 0, marksDropped: 0 });
      return next;
    };
    bench.settle(300);
    const second = tryInVain(table, 2);
    expect(bench.limit.isWorthwhile(second)).to.equal(false);
    bench.settle(310);
    expect(bench.limit.isWorthwhile(second)).to.equal(true);
    const third = tryInVain(second, 3);
    bench.settle(320);
    expect(bench.limit.isWorthwhile(third)).to.equal(false);
    bench.settle(330);
    expect(bench.limit.isWorthwhile(third)).to.equal(true);
    bench.cleanUpTo = 200;
    const fourth = tryInVain(third, 4);
    expect(bench.limit.isWorthwhile(fourth)).to.equal(false);
    bench.cleanUpTo = 1000;
    expect(bench.limit.isWorthwhile(fourth)).to.equal(true);
    expect(bench.limit.isWorthwhile(deletes(9, 100, 0))).to.equal(false);
  });
});
