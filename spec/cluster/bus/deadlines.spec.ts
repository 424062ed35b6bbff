import { expect } from 'chai';
import fc from 'fast-check';

import { Deadline, Deadlines } from '../../../lib/cluster/bus/deadlines.js';
import { VirtualTime } from './virtual-time.js';

class Noted extends Deadline {
  readonly calls: number[] = [];
  private readonly time: VirtualTime;

  constructor(time: VirtualTime) {
    super();
    this.time = time;
  }

  override onDeadline(): void {
    this.calls.push(this.time.nowUs / 1000);
  }
}

const LATE_MS_MAX = 20;

describe('Deadlines', () => {
  it('calls what is due, never early and not much late, unless it was cleared or set anew: as a plain list would', () => {
    const step = fc.record({
      which: fc.nat(5),
      action: fc.constantFrom('set', 'clear'),
      afterMs: fc.oneof(fc.nat(30), fc.nat(3000), fc.nat(40_000)),
      passMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(15_000)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const time = new VirtualTime();
        const deadlines = new Deadlines(time, time);
        const entries = Array.from({ length: 6 }, () => new Noted(time));
        const due = entries.map(() => Infinity);
        const check = (): void => {
          const nowMs = time.nowUs / 1000;
          entries.forEach(({ calls }, i) => {
            for (const calledMs of calls.splice(0)) {
              expect(calledMs - due[i]).to.be.within(0, LATE_MS_MAX);
              due[i] = Infinity;
            }
            expect(due[i] + LATE_MS_MAX).to.be.above(nowMs);
          });
        };
        for (const { which, action, afterMs, passMs } of steps) {
          if (action === 'set') {
            deadlines.set(entries[which], afterMs);
            due[which] = time.nowUs / 1000 + afterMs;
          } else {
            deadlines.clear(entries[which]);
            due[which] = Infinity;
          }
          time.pass(passMs);
          check();
        }
        time.pass(60_000);
        check();
      }),
      { numRuns: 200 },
    );
  });

  it('calls what is due after a sleep at the end of the turn, so that what has arrived meanwhile clears it', () => {
    const time = new VirtualTime();
    const deadlines = new Deadlines(time, time);
    const answered = new Noted(time);
    const unanswered = new Noted(time);
    deadlines.set(answered, 100);
    deadlines.set(unanswered, 100);
    time.after(150, () => deadlines.clear(answered));
    time.sleep(5000);
    expect(answered.calls).to.deep.equal([]);
    expect(unanswered.calls).to.deep.equal([5000]);
  });

  it('may set and clear deadlines while it calls one', () => {
    const time = new VirtualTime();
    const deadlines = new Deadlines(time, time);
    const calls: string[] = [];
    class Chained extends Deadline {
      readonly run: () => void;
      constructor(run: () => void) {
        super();
        this.run = run;
      }
      override onDeadline(): void {
        this.run();
      }
    }
    const cleared = new Chained(() => calls.push('cleared'));
    const again: Chained = new Chained(() => {
      calls.push('again');
      deadlines.clear(cleared);
      if (calls.length < 3) deadlines.set(again, 0);
    });
    deadlines.set(again, 10);
    deadlines.set(cleared, 10);
    time.pass(1000);
    expect(calls).to.deep.equal(['again', 'again', 'again']);
  });
});
