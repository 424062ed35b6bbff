import { expect } from 'chai';

import { RingView } from '../../../lib/cluster/coordination/ring-view.js';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { withAway } from '../../../lib/cluster/topology/absence.js';
import { AwayWatch } from '../../../lib/server/ring/away-watch.js';
import { someMember, someRing } from '../../cluster/ring/some-rings.js';

const members = [1, 2, 3].map((number) => someMember(number, [number * 4000]));
const ids = members.map(({ id }) => id);

/** What the member `self` sees. */
class Bench {
  nowMs = 0;
  readonly view: RingView;
  readonly warnings: string[] = [];
  readonly proposed: RingDocument[] = [];
  readonly watch: AwayWatch;

  constructor(self = 0, document = someRing(members), awayMaxSeconds = 10) {
    this.view = new RingView(new Ring(document), ids[self], () => true);
    this.watch = new AwayWatch({
      view: () => this.view,
      settings: { awayMaxSeconds },
      nowMs: () => this.nowMs,
      warn: (line) => this.warnings.push(line),
      change: (_ring, next) => this.proposed.push(next),
    });
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 500) {
      this.nowMs += 500;
      this.watch.tick();
    }
  }
}

describe('AwayWatch', () => {
  it('has who is away for so long left out, by the first member that is there', () => {
    for (const self of [0, 1]) {
      const bench = new Bench(self);
      bench.view.setUp(ids[2], false);
      bench.pass(9000);
      expect(bench.proposed).to.deep.equal([]);
      bench.pass(2000);
      const expected = self === 0 ? [withAway(bench.view.ring.document, ids[2])] : [];
      expect(bench.proposed).to.deep.equal(expected);
    }
  });

  it('begins anew when a member was there in between, and counts no time in which it did not look', () => {
    const bench = new Bench();
    bench.view.setUp(ids[2], false);
    bench.pass(9000);
    bench.view.setUp(ids[2], true);
    bench.pass(500);
    bench.view.setUp(ids[2], false);
    bench.pass(8000);
    bench.nowMs += 3_600_000;
    bench.pass(500);
    expect(bench.proposed).to.deep.equal([]);
    bench.pass(2000);
    expect(bench.proposed.length).to.equal(1);
  });

  it('waits for ever with 0, and for who is left out already', () => {
    const bench = new Bench(0, someRing(members), 0);
    bench.view.setUp(ids[2], false);
    bench.pass(60_000);
    const other = new Bench(0, withAway(someRing(members), ids[2]));
    other.pass(60_000);
    expect([...bench.proposed, ...other.proposed]).to.deep.equal([]);
  });

  it('says once that a member cannot be done without', () => {
    const bench = new Bench(0, someRing(members, 2));
    bench.view.setUp(ids[2], false);
    bench.pass(60_000);
    expect(bench.proposed).to.deep.equal([]);
    expect(bench.warnings.length).to.equal(1);
    expect(bench.warnings[0]).to.contain('is waited for');
  });
});
