import { expect } from 'chai';
import fc from 'fast-check';
import type { Hold } from '../../../lib/storage/engine/holds.js';
import { Holds } from '../../../lib/storage/engine/holds.js';

describe('Holds', () => {
  it('knows the stamp of the oldest read under way, in whatever order they end', () => {
    const steps = fc.array(fc.oneof(fc.record({ begin: fc.nat(2) }), fc.record({ end: fc.nat(20) })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const holds = new Holds();
        const running: { hold: Hold; stamp: number }[] = [];
        let stamp = 5;
        for (const step of list) {
          if ('begin' in step) {
            stamp += step.begin;
            running.push({ hold: holds.add(stamp), stamp });
          } else if (running.length > 0) {
            const [ended] = running.splice(step.end % running.length, 1);
            holds.remove(ended.hold);
          }
          expect(holds.oldestStamp).to.equal(Math.min(Infinity, ...running.map((each) => each.stamp)));
        }
      }),
    );
  });

  it('wakes who waits for the oldest read when all have ended that see no more', async () => {
    const holds = new Holds();
    const [first, same, later] = [holds.add(5), holds.add(5), holds.add(6)];
    const woken: number[] = [];
    const wait = (name: number): Promise<unknown> => holds.whenOldestEnds().then(() => woken.push(name));
    const waiting = [wait(1), wait(2)];
    holds.remove(first);
    await Promise.resolve();
    expect(woken).to.deep.equal([]);
    holds.remove(same);
    await Promise.all(waiting);
    expect(woken).to.deep.equal([1, 2]);
    const last = wait(3);
    holds.remove(later);
    await last;
    expect([woken, holds.oldestStamp]).to.deep.equal([[1, 2, 3], Infinity]);
  });
});
