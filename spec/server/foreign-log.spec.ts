import { expect } from 'chai';
import { ForeignLog } from '../../lib/server/foreign-log.js';
import { FRAME_HEADER_BYTES } from '../../lib/storage/log/aof-frame.js';

interface Written {
  readonly batches: readonly string[];
  readonly lowestStamp: number;
  readonly isLast: boolean;
}

/** What is drained, write by write; before the write `failsAt`, it throws. */
function drain(log: ForeignLog, failsAt = Infinity): Written[] {
  const written: Written[] = [];
  const run = (): void => {
    log.drain((buffer, start, ends, lowestStamp, isLast) => {
      if (written.length === failsAt) throw new Error('no room');
      const starts = [start, ...ends.slice(0, -1)];
      const batches = ends.map((end, i) => buffer.toString('latin1', starts[i] + FRAME_HEADER_BYTES, end));
      written.push({ batches, lowestStamp, isLast });
    });
  };
  if (failsAt === Infinity) run();
  else expect(run).to.throw('no room');
  return written;
}

function add(log: ForeignLog, text: string, lowestStamp: number): void {
  const bytes = Buffer.from(`<${text}>`, 'latin1');
  log.add(bytes, 1, bytes.length - 1, lowestStamp);
}

describe('ForeignLog', () => {
  it('has the batches of a turn written together, in their order, and is empty then', () => {
    const log = new ForeignLog();
    add(log, 'first', 7);
    add(log, 'second', 5);
    add(log, 'third', 9);
    expect(log.byteLength).to.equal(3 * FRAME_HEADER_BYTES + 'firstsecondthird'.length);
    expect(drain(log)).to.deep.equal([{ batches: ['first', 'second', 'third'], lowestStamp: 5, isLast: true }]);
    expect([log.isEmpty, log.byteLength]).to.deep.equal([true, 0]);
    expect(drain(log)).to.deep.equal([]);
  });

  it('has many bytes written in parts, of which what there is no room for stays', () => {
    const log = new ForeignLog();
    const large = 'l'.repeat(100_000);
    for (let i = 1; i <= 5; i++) add(log, `${i}${large}`, i);
    const numbers = (written: readonly Written[]): string[] =>
      written.map(
        ({ batches, lowestStamp, isLast }) => `${batches.map((text) => text[0]).join('')} ${lowestStamp} ${isLast}`,
      );
    expect(numbers(drain(log, 1))).to.deep.equal(['12 1 false']);
    expect(log.byteLength).to.equal(3 * (FRAME_HEADER_BYTES + 1 + large.length));
    add(log, '6', 6);
    expect(numbers(drain(log))).to.deep.equal(['34 3 false', '56 5 true']);
  });

  it('has a batch that is larger than a part written alone', () => {
    const log = new ForeignLog();
    add(log, 'h'.repeat(1_000_000), 1);
    add(log, 'i', 2);
    expect(drain(log).map(({ batches }) => batches.length)).to.deep.equal([1, 1]);
  });
});
