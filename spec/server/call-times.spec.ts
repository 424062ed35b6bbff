import { expect } from 'chai';
import { CallTimes, RUN_MAX } from '../../lib/server/call-times.js';
import type { CommandEntry } from '../../lib/server/command-table.js';
import { KeptEffects } from '../../lib/server/kept-effects.js';
import { VirtualTime } from '../cluster/bus/virtual-time.js';

type Counts = Pick<CommandEntry, 'calls' | 'totalUs' | 'trackLatency'>;

/** Counts of a command that has not been called, and the calls whose durations were tracked. */
function newEntry(): { readonly entry: CommandEntry; readonly tracked: [number, number][] } {
  const tracked: [number, number][] = [];
  const counts: Counts = {
    calls: 0,
    totalUs: 0,
    trackLatency: (durationUs, calls) => {
      tracked.push([durationUs, calls]);
    },
  };
  return { entry: counts as CommandEntry, tracked };
}

describe('CallTimes', () => {
  it('gives a run of one short command the time from its begin to its end, read once', () => {
    const time = new VirtualTime();
    const times = new CallTimes(time, new KeptEffects());
    const { entry, tracked } = newEntry();
    times.tracksLatency = true;
    times.start();
    for (let i = 0; i < 4; i++) {
      times.enter(entry);
      time.pass(1);
      times.share(entry);
    }
    expect([entry.calls, entry.totalUs]).to.deep.equal([4, 0]);
    times.settle();
    expect([entry.calls, entry.totalUs, tracked]).to.deep.equal([4, 4000, [[1000, 4]]]);
    times.settle();
    expect(entry.totalUs).to.equal(4000);
    expect(times.commandsProcessed).to.equal(4);
  });

  it('ends a run when another command comes, or when it has become long', () => {
    const time = new VirtualTime();
    const times = new CallTimes(time, new KeptEffects());
    const [first, second] = [newEntry().entry, newEntry().entry];
    times.start();
    times.share(first);
    time.pass(2);
    times.enter(second);
    expect(first.totalUs).to.equal(2000);
    for (let i = 0; i < RUN_MAX; i++) {
      times.enter(second);
      time.pass(1);
      times.share(second);
    }
    expect(second.totalUs).to.equal(RUN_MAX * 1000);
  });

  it('gives a call that is timed by itself what has passed since the call before', () => {
    const time = new VirtualTime();
    const times = new CallTimes(time, new KeptEffects());
    const { entry, tracked } = newEntry();
    times.tracksLatency = true;
    times.start();
    time.pass(3);
    expect(times.take(entry)).to.equal(3000);
    time.pass(5);
    expect(times.take(entry)).to.equal(5000);
    expect([entry.calls, entry.totalUs, tracked]).to.deep.equal([
      2,
      8000,
      [
        [3000, 1],
        [5000, 1],
      ],
    ]);
    // What came in between is no call's.
    time.pass(7);
    times.read();
    time.pass(1);
    expect(times.take(entry)).to.equal(1000);
  });

  it('counts what is kept back when it is known to count, together, and else never', () => {
    const effects = new KeptEffects();
    const times = new CallTimes(new VirtualTime(), effects);
    const { entry, tracked } = newEntry();
    times.tracksLatency = true;
    const keep = (calls: number): ReturnType<KeptEffects['keepBack']> =>
      effects.keepBack(() => {
        for (let i = 0; i < calls; i++) times.count(entry, 10 + i);
      });
    keep(1000);
    const kept = keep(3);
    expect([kept.length, entry.calls, times.commandsProcessed]).to.deep.equal([1, 0, 0]);
    for (const tell of kept) tell();
    expect([entry.calls, entry.totalUs, times.commandsProcessed, tracked]).to.deep.equal([3, 33, 3, [[11, 3]]]);
  });

  it('times each call when little is slow', () => {
    const times = new CallTimes(new VirtualTime(), new KeptEffects());
    expect(times.timesEach).to.equal(false);
    times.slowUs = 999;
    expect(times.timesEach).to.equal(true);
  });
});
