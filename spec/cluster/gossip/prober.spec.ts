import { expect } from 'chai';
import { Awareness } from '../../../lib/cluster/gossip/awareness.js';
import { MemberList } from '../../../lib/cluster/gossip/member-list.js';
import { LAN_PARAMETERS } from '../../../lib/cluster/gossip/parameters.js';
import { Prober } from '../../../lib/cluster/gossip/prober.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { accusation, aliveNews, idOf } from './samples.js';

/** Member 0 probes; what it does is written down. */
class Scene {
  readonly list = new MemberList();
  readonly awareness = new Awareness();
  readonly done: string[] = [];
  readonly prober: Prober;
  /** The number of the last ping. */
  sequence = -1;
  target = -1;
  relays: number[] = [];
  nowMs = 0;
  /** When the probe under way began. */
  beganMs = 0;

  constructor(others: number) {
    for (let number = 0; number <= others; number++) this.list.apply(aliveNews(number, 1), 0);
    const numberOf = (id: string) => parseInt(id, 16);
    this.prober = new Prober(idOf(0), this.list, LAN_PARAMETERS, this.awareness, new SeededRandom(1), {
      ping: ({ id }, sequence) => {
        this.sequence = sequence;
        this.target = numberOf(id);
        this.relays = [];
      },
      pingThrough: (relay) => {
        this.relays.push(numberOf(relay.id));
        this.done.push(`${this.nowMs} through`);
      },
      pingOverStream: () => this.done.push(`${this.nowMs} stream`),
      failed: () => this.done.push(`${this.nowMs} failed`),
    });
    this.run(() => this.sequence >= 0);
  }

  /** Ticks until that is so. */
  run(isSo: () => boolean): void {
    for (let i = 0; i < 1000 && !isSo(); i++) this.tick();
  }

  tick(): void {
    this.nowMs += 50;
    this.prober.tick(this.nowMs, this.nowMs * 1000);
  }

  ack(from = this.target, sequence = this.sequence): void {
    this.prober.onAck(idOf(from), sequence, this.nowMs * 1000, false);
  }

  /** Starts with the next probe. */
  next(): this {
    const { sequence } = this;
    this.ack();
    this.run(() => this.sequence !== sequence);
    this.done.length = 0;
    this.beganMs = this.nowMs;
    return this;
  }
}

describe('Prober', () => {
  it('pings, asks others and tries a stream after the timeout, and fails at the end of the interval', () => {
    const scene = new Scene(5).next();
    const at = (ms: number) => scene.beganMs + ms;
    scene.run(() => scene.relays.length > 0);
    expect(new Set([0, scene.target, ...scene.relays]).size, 'different members').to.equal(5);
    scene.run(() => scene.done.some((step) => step.endsWith('failed')));
    const asked = Array<string>(3).fill(`${at(200)} through`);
    expect(scene.done).to.deep.equal([...asked, `${at(200)} stream`, `${at(500)} failed`]);
  });

  it('is content with an answer of the target, of somebody it asked, or over a stream, until the end', () => {
    const answers: ((scene: Scene) => void)[] = [
      (scene) => scene.ack(),
      (scene) => scene.ack(scene.relays[2]),
      (scene) => scene.prober.onStreamAnswer(scene.sequence),
    ];
    for (const answer of answers) {
      const scene = new Scene(5).next();
      scene.run(() => scene.relays.length === 3);
      answer(scene);
      scene.run(() => scene.nowMs >= scene.beganMs + 500);
      expect(scene.done.filter((step) => step.endsWith('failed'))).to.deep.equal([]);
    }
  });

  it('takes no answer from somebody it has not asked, nor one to another ping', () => {
    const scene = new Scene(5).next();
    scene.run(() => scene.relays.length === 3);
    const bystander = [1, 2, 3, 4, 5].find((number) => number !== scene.target && !scene.relays.includes(number));
    scene.ack(bystander);
    scene.ack(scene.target, scene.sequence - 1);
    scene.run(() => scene.done.some((step) => step.endsWith('failed')));
    expect(scene.done).to.include(`${scene.beganMs + 500} failed`);
  });

  it('doubts itself by the nacks that it misses', () => {
    const scene = new Scene(5).next();
    scene.run(() => scene.relays.length === 3);
    scene.prober.onNack(idOf(scene.relays[0]), scene.sequence);
    scene.prober.onNack(idOf(scene.relays[0]), scene.sequence);
    scene.prober.onNack(idOf(scene.target), scene.sequence);
    scene.run(() => scene.done.some((step) => step.endsWith('failed')));
    expect(scene.awareness.score).to.equal(2);
  });

  it('probes less often, and waits longer, the more it doubts itself; and recovers by probes that succeed', () => {
    const scene = new Scene(5);
    scene.awareness.apply(4);
    scene.next();
    expect(scene.awareness.score).to.equal(3);
    scene.run(() => scene.done.some((step) => step.endsWith('failed')));
    expect(scene.done[0]).to.equal(`${scene.beganMs + 4 * 200} through`);
    expect(scene.done.at(-1)).to.equal(`${scene.beganMs + 4 * 500} failed`);
  });

  it('probes each member once a round, and nobody who is dead or gone', () => {
    const scene = new Scene(7);
    scene.list.apply(accusation('dead', 3, 1, 0), 0);
    scene.list.apply({ kind: 'left', id: idOf(5), incarnation: 1 }, 0);
    scene.list.apply(accusation('suspect', 6, 1, 0), 0);
    for (let i = 0; i < 7; i++) scene.next();
    const rounds = [0, 1, 2].map(() => [0, 1, 2, 3, 4].map(() => scene.next().target));
    // Rounds are in orders of their own, and begin anywhere in what was listed here.
    const counts = new Map<number, number>();
    for (const target of rounds.flat()) counts.set(target, (counts.get(target) ?? 0) + 1);
    expect([...counts.keys()].sort()).to.deep.equal([1, 2, 4, 6, 7]);
    for (const count of counts.values()) expect(count).to.be.within(2, 4);
  });

  it('hurries to a member that is said to be gone', () => {
    const scene = new Scene(5).next();
    const other = (scene.target % 5) + 1;
    scene.ack();
    scene.prober.hurry(idOf(other));
    scene.tick();
    expect(scene.target).to.equal(other);
  });

  it('measures round trips of direct answers, unless it stood still meanwhile', () => {
    const scene = new Scene(5).next();
    scene.tick();
    const { target, sequence, nowMs } = scene;
    scene.prober.onAck(idOf(target), sequence, nowMs * 1000 - 49_000, true);
    expect(scene.prober.roundTrips.of(idOf(target))).to.equal(1);
    scene.next();
    scene.ack();
    if (scene.target !== target) expect(scene.prober.roundTrips.of(idOf(scene.target))).to.equal(undefined);
  });

  it('waits round trips of the member, so that one far away is not suspected', () => {
    const scene = new Scene(1).next();
    for (let i = 0; i < 40; i++) scene.prober.roundTrips.add(idOf(1), 300);
    scene.next();
    scene.run(() => scene.done.length > 0);
    expect(scene.done).to.deep.equal([`${scene.beganMs + 900} stream`]);
    scene.run(() => scene.done.length > 1);
    expect(scene.done[1]).to.equal(`${scene.beganMs + 2250} failed`);
  });
});
