import { expect } from 'chai';
import fc from 'fast-check';
import { ReplicaProgress } from '../../../lib/cluster/replication/replica-progress.js';

/** The same, batch by batch. */
class DumbProgress {
  private readonly state = new Map<number, 'has' | 'lost'>();

  has(sequence: number): boolean {
    return this.state.get(sequence) === 'has';
  }

  acknowledge(sequence: number): void {
    for (let i = 1; i <= sequence; i++) if (!this.state.has(i)) this.state.set(i, 'has');
  }

  lose(sequence: number): void {
    for (let i = 1; i <= sequence; i++) if (!this.state.has(i)) this.state.set(i, 'lost');
  }
}

describe('ReplicaProgress', () => {
  it('knows of each batch whether the replica has it, as one who notes each of them does', () => {
    const step = fc.record({ isLoss: fc.boolean(), growth: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const progress = new ReplicaProgress('m');
        const dumb = new DumbProgress();
        let sequence = 0;
        for (const { isLoss, growth } of steps) {
          sequence += growth;
          if (isLoss) {
            progress.lose(sequence);
            dumb.lose(sequence);
          } else {
            progress.acknowledge(sequence);
            dumb.acknowledge(sequence);
          }
          for (let i = 1; i <= sequence + 1; i++) expect(progress.has(i), `batch ${i}`).to.equal(dumb.has(i));
        }
      }),
    );
  });

  it('does not count what was lost as had, when later batches are acknowledged', () => {
    const progress = new ReplicaProgress('m');
    progress.acknowledge(3);
    progress.lose(5);
    progress.acknowledge(9);
    expect([1, 2, 3, 4, 5, 6, 9, 10].map((sequence) => progress.has(sequence))).to.deep.equal([
      true,
      true,
      true,
      false,
      false,
      true,
      true,
      false,
    ]);
  });
});
