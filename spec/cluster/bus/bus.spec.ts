import { expect } from 'chai';

import type { Bus } from '../../../lib/cluster/bus/bus.js';
import type { Answer } from '../../../lib/cluster/bus/message-service.js';
import { BytesPayload, EMPTY_PAYLOAD } from '../../../lib/cluster/bus/payload.js';
import { BUS_PORT, BusWorld, Listening, identityOf, idOf } from './bus-world.js';

const KIND = 20;
const ECHO = 21;

const bytes = (text: string): BytesPayload => new BytesPayload(Buffer.from(text, 'latin1'));

/** Has the bus answer ECHO, and keep what comes as KIND. */
function serve(bus: Bus): string[] {
  const came: string[] = [];
  bus.serve(KIND, 'members', ({ from, buffer, start, end }) => {
    came.push(`${from.slice(0, 4)} ${buffer.toString('latin1', start, end)}`);
  });
  bus.serve(ECHO, 'all', ({ answer, buffer, start, end }) => answer?.send(new BytesPayload(buffer, start, end)));
  return came;
}

const short = (name: string): string => idOf(name).slice(0, 4);

describe('Bus', () => {
  let world: BusWorld;

  beforeEach(() => {
    world = new BusWorld();
  });

  async function pair(): Promise<{ a: Bus; b: Bus; came: string[] }> {
    const a = await world.add('a');
    const b = await world.add('b');
    serve(a);
    return { a, b, came: serve(b) };
  }

  it('brings messages in order, those too that were sent before it was connected', async () => {
    const { a, came } = await pair();
    for (let i = 0; i < 5; i++) expect(a.send(idOf('b'), KIND, bytes(`m${i}`))).to.equal(true);
    world.time.pass(100);
    expect(a.isConnected(idOf('b'))).to.equal(true);
    for (let i = 5; i < 8; i++) a.send(idOf('b'), KIND, bytes(`m${i}`));
    world.time.pass(10);
    expect(came).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7].map((i) => `${short('a')} m${i}`));
  });

  it('answers requests, at once or later, in any order', async () => {
    const { a, b } = await pair();
    const answers: Answer[] = [];
    b.serve(30, 'members', ({ answer }) => answer !== undefined && answers.push(answer));
    const askers = [new Listening(), new Listening(), new Listening()];
    a.request(idOf('b'), 30, bytes('x'), 1000, askers[0]);
    a.request(idOf('b'), 30, bytes('y'), 1000, askers[1]);
    a.request(idOf('b'), ECHO, bytes('z'), 1000, askers[2]);
    world.time.pass(50);
    expect(askers[2].answers).to.deep.equal(['z']);
    answers[1].send(bytes('second'));
    answers[0].refuse('not now');
    world.time.pass(50);
    expect(askers[1].answers).to.deep.equal(['second']);
    expect(askers[0].failures.map(({ code, message }) => [code, message])).to.deep.equal([['refused', 'not now']]);
    expect(() => answers[0].send(EMPTY_PAYLOAD)).to.throw('once');
    world.time.pass(2000);
    expect(askers.map((asker) => asker.answers.length + asker.failures.length)).to.deep.equal([1, 1, 1]);
  });

  it('writes what a turn has sent to a peer with one write, when it is flushed or ends', async () => {
    const { a, came } = await pair();
    a.setMembers([idOf('a'), idOf('b')]);
    world.time.pass(100);
    let writes = 0;
    for (const stream of world.network.streams) {
      if (stream.host !== 'a') continue;
      const write = stream.write.bind(stream);
      stream.write = (...call) => {
        writes++;
        return write(...call);
      };
    }
    for (let i = 0; i < 100; i++) a.send(idOf('b'), KIND, bytes('m'.repeat(100)));
    expect(writes).to.equal(0);
    a.flush();
    expect(writes).to.equal(1);
    world.time.pass(10);
    expect([writes, came.length]).to.deep.equal([1, 100]);
  });

  it('fails a request that is not answered in time, and drops the late answer', async () => {
    const { a, b } = await pair();
    let answer: Answer | undefined;
    b.serve(30, 'members', (message) => {
      answer = message.answer;
    });
    const asker = new Listening();
    a.request(idOf('b'), 30, EMPTY_PAYLOAD, 200, asker);
    world.time.pass(300);
    expect(asker.failures.map(({ code }) => code)).to.deep.equal(['timeout']);
    answer?.send(bytes('late'));
    world.time.pass(100);
    expect(asker.answers).to.deep.equal([]);
    expect(a.isConnected(idOf('b'))).to.equal(true);
  });

  it('refuses requests of a kind that nobody serves', async () => {
    const { a } = await pair();
    const asker = new Listening();
    a.request(idOf('b'), 99, EMPTY_PAYLOAD, 1000, asker);
    world.time.pass(100);
    expect(asker.failures.map(({ code }) => code)).to.deep.equal(['refused']);
  });

  it('fails what is sent to nobody after the call, connects when somebody is there, and tells watchers', async () => {
    const a = await world.add('a');
    const events: string[] = [];
    a.watch({ onUp: () => events.push('up'), onDown: (_id, { code }) => events.push(`down ${code}`) });
    const b = await world.add('b');
    b.close();
    const asker = new Listening();
    a.setMembers([idOf('b')]);
    a.request(idOf('b'), ECHO, bytes('x'), 1000, asker);
    expect(asker.failures).to.deep.equal([]);
    world.time.pass(5);
    expect(asker.failures.map(({ code }) => code)).to.deep.equal(['unreachable']);
    const another = new Listening();
    a.request(idOf('b'), ECHO, bytes('x'), 1000, another);
    expect(another.failures).to.deep.equal([]);
    world.time.pass(0);
    expect(another.failures.map(({ code }) => code)).to.deep.equal(['unreachable']);
    expect(a.send(idOf('b'), KIND, bytes('x'))).to.equal(false);
    world.time.pass(10_000);
    expect(events.length).to.be.within(4, 10);
    events.length = 0;
    const again = await world.add('b');
    serve(again);
    world.time.pass(6000);
    expect(events.at(-1)).to.equal('up');
  });

  it('connects at once to a member that comes back and connects', async () => {
    const { a, b } = await pair();
    a.setMembers([idOf('b')]);
    b.close();
    world.time.pass(20_000);
    expect(a.isConnected(idOf('b'))).to.equal(false);
    const again = await world.add('b');
    again.setMembers([idOf('a')]);
    world.time.pass(20);
    expect(a.isConnected(idOf('b'))).to.equal(true);
  });

  it('fails what was under way when the stream breaks, and goes on with the next one', async () => {
    const { a, b, came } = await pair();
    b.serve(30, 'members', () => undefined);
    const asker = new Listening();
    a.request(idOf('b'), 30, EMPTY_PAYLOAD, 60_000, asker);
    world.time.pass(100);
    world.network.reset('b');
    world.time.pass(10);
    expect(asker.failures.map(({ code }) => code)).to.deep.equal(['unreachable']);
    world.time.pass(200);
    a.send(idOf('b'), KIND, bytes('again'));
    world.time.pass(10);
    expect(came).to.deep.equal([`${short('a')} again`]);
  });

  it('breaks a stream without any sign of life after 10 s', async () => {
    const { a } = await pair();
    a.setMembers([idOf('b')]);
    world.time.pass(100);
    world.network.cut('a', 'b');
    const asker = new Listening();
    a.request(idOf('b'), ECHO, bytes('x'), 60_000, asker);
    world.time.pass(9000);
    expect(asker.failures).to.deep.equal([]);
    world.time.pass(4000);
    expect(asker.failures.map(({ code }) => code)).to.deep.equal(['timeout']);
    world.network.heal();
    world.time.pass(11_000);
    expect(a.isConnected(idOf('b'))).to.equal(true);
  });

  it('keeps a stream whose peer stands still for 5 s, and one that says nothing for long', async () => {
    const { a } = await pair();
    a.setMembers([idOf('b')]);
    world.time.pass(60_000);
    world.network.freeze('b');
    world.time.pass(5000);
    world.network.thaw('b');
    world.time.pass(60_000);
    expect(a.figures().map(({ failures, isConnected }) => [failures, isConnected])).to.deep.equal([[0, true]]);
  });

  it('says within half a second who does not answer, when something is sent; and when it does again', async () => {
    const { a } = await pair();
    const said: [boolean, boolean][] = [];
    a.watch({
      onUp: () => undefined,
      onDown: () => undefined,
      onSilence: (member, isSilent) => said.push([isSilent, a.isResponsive(member)]),
    });
    a.setMembers([idOf('b')]);
    world.time.pass(1200);
    world.network.freeze('b');
    a.send(idOf('b'), KIND, new BytesPayload(Buffer.from('x')));
    world.time.pass(380);
    expect(said).to.deep.equal([]);
    world.time.pass(120);
    expect(said).to.deep.equal([[true, false]]);
    expect(a.isConnected(idOf('b'))).to.equal(true);
    world.network.thaw('b');
    world.time.pass(100);
    expect(said.slice(1)).to.deep.equal([[false, true]]);
  });

  it('connects anew with who is silent though it lives, and not with who answers soon', async () => {
    const { a } = await pair();
    a.setMembers([idOf('b')]);
    world.time.pass(1200);
    const failures = (): number => a.figures()[0].failures;
    world.network.freeze('b');
    a.send(idOf('b'), KIND, new BytesPayload(Buffer.from('x')));
    world.time.pass(300);
    a.hurry(idOf('b'));
    world.time.pass(700);
    expect(failures()).to.equal(0);
    a.hurry(idOf('b'));
    world.time.pass(100);
    world.network.thaw('b');
    world.time.pass(2000);
    expect(failures()).to.equal(0);
    world.network.freeze('b');
    a.send(idOf('b'), KIND, new BytesPayload(Buffer.from('x')));
    world.time.pass(1000);
    a.hurry(idOf('b'));
    world.time.pass(300);
    expect(failures()).to.equal(1);
    world.network.thaw('b');
    world.time.pass(500);
    expect(a.isResponsive(idOf('b'))).to.equal(true);
  });

  it('does not connect anew with who answers the handshake slowly, step by step', async () => {
    const { a } = await pair();
    world.network.freeze('b');
    a.setMembers([idOf('b')]);
    world.time.pass(450);
    a.hurry(idOf('b'));
    world.time.pass(50);
    world.network.thaw('b');
    world.network.freeze('b');
    world.time.pass(350);
    a.hurry(idOf('b'));
    world.time.pass(50);
    world.network.thaw('b');
    world.time.pass(50);
    expect(a.figures().map(({ failures, isConnected }) => [failures, isConnected])).to.deep.equal([[0, true]]);
  });

  it('is held up by one of five peers that does not read only in what is for it, with bounded memory', async () => {
    const queueBytesMax = 4 * 1024 * 1024;
    const a = await world.add('a', { queueBytesMax });
    const names = ['b', 'c', 'd', 'e', 'f'];
    const came = new Map<string, number>();
    for (const name of names) {
      const bus = await world.add(name);
      bus.serve(KIND, 'members', ({ answer, buffer, start, end }) => {
        came.set(name, (came.get(name) ?? 0) + 1);
        answer?.send(new BytesPayload(buffer, start, start + Math.min(end - start, 1)));
      });
    }
    const payload = new BytesPayload(Buffer.alloc(100_000, 1));
    a.setMembers(names.map(idOf));
    world.time.pass(100);
    world.network.freeze('c');
    const failures: string[] = [];
    let answered = 0;
    let queuedMax = 0;
    for (let turn = 0; turn < 100; turn++) {
      for (const name of names) {
        a.request(idOf(name), KIND, payload, 100_000, {
          onAnswer: () => answered++,
          onFailure: ({ code }) => failures.push(`${name} ${code}`),
        });
      }
      world.time.pass(10);
      for (const { queuedBytes } of a.figures()) queuedMax = Math.max(queuedMax, queuedBytes);
    }
    expect(answered).to.equal(400);
    expect(new Set(failures)).to.deep.equal(new Set(['c overloaded']));
    expect(queuedMax).to.be.below(queueBytesMax + 2 * payload.byteLength);
    expect(names.map((name) => came.get(name))).to.deep.equal([100, undefined, 100, 100, 100]);
    world.network.thaw('c');
    world.time.pass(10_000);
    expect(a.figures().every(({ isConnected }) => isConnected)).to.equal(true);
  });

  it('takes nothing more of a former stream when the same member has connected again', async () => {
    const { a, came } = await pair();
    a.send(idOf('b'), KIND, bytes('first'));
    world.time.pass(100);
    const former = [...world.network.streams].find(({ host }) => host === 'b');
    former?.pause();
    a.send(idOf('b'), KIND, bytes('lost'));
    world.time.pass(10);
    const asker = new Listening();
    a.request(idOf('b'), ECHO, bytes('x'), 10_000, asker);
    a.renew();
    expect(asker.failures).to.deep.equal([]);
    a.send(idOf('b'), KIND, bytes('new'));
    world.time.pass(10);
    expect(asker.failures.map(({ code }) => code)).to.deep.equal(['unreachable']);
    former?.resume();
    world.time.pass(10);
    expect(came).to.deep.equal([`${short('a')} first`, `${short('a')} new`]);
  });

  it('learns who is at an address, and may ask that member then, although nobody knows where it is', async () => {
    const { b } = await pair();
    const a = await world.add('stranger', {
      identity: () => identityOf('stranger', 'seeds', false),
      addressOf: () => undefined,
    });
    const met: unknown[] = [];
    const introduced = { onMet: (peer: unknown) => met.push(peer), onFailure: () => met.push('failed') };
    a.meet({ host: 'b', port: BUS_PORT }, introduced);
    a.meet({ host: 'nobody', port: BUS_PORT }, introduced);
    a.meet({ host: 'stranger', port: BUS_PORT }, { ...introduced, onFailure: ({ refusal }) => met.push(refusal) });
    world.time.pass(100);
    expect(met).to.have.deep.members([{ memberId: idOf('b'), isMember: false }, 'failed', 'self']);
    expect(a.rejections.count('self'), 'it has not refused anybody else').to.equal(0);
    const asker = new Listening();
    a.request(idOf('b'), ECHO, bytes('x'), 1000, asker);
    world.time.pass(100);
    expect(asker.answers).to.deep.equal(['x']);
    expect(b.figures()).to.deep.equal([]);
  });

  it('asks whoever is at an address, in time, again by the same stream, and whoever is there later', async () => {
    const { a, b } = await pair();
    const ask = (host: string, timeoutMs: number): Listening => {
      const asker = new Listening();
      a.requestAt({ host, port: BUS_PORT }, ECHO, bytes(host), timeoutMs, asker);
      expect([asker.answers, asker.failures]).to.deep.equal([[], []]);
      return asker;
    };
    world.network.cut('a', 'hole');
    const [there, self, nobody, hole] = [ask('b', 1000), ask('a', 1000), ask('nobody', 1000), ask('hole', 1000)];
    world.time.pass(1100);
    expect(there.answers).to.deep.equal(['b']);
    expect(self.failures.map(({ refusal }) => refusal)).to.deep.equal(['self']);
    expect(nobody.failures.map(({ code }) => code)).to.deep.equal(['unreachable']);
    expect(hole.failures.map(({ code }) => code)).to.deep.equal(['timeout']);
    const again = ask('b', 1000);
    world.time.pass(2);
    expect(again.answers).to.deep.equal(['b']);
    b.close();
    const other = await world.add('b', { identity: () => identityOf('other') });
    serve(other);
    world.time.pass(10);
    const later = ask('b', 1000);
    world.time.pass(100);
    expect(later.answers).to.deep.equal(['b']);
    expect(a.isConnected(idOf('other'))).to.equal(true);
  });

  it('serves a guest only what is for all, until the identity is renewed', async () => {
    let isFormed = false;
    const { a } = await pair();
    const c = await world.add('c', { identity: () => identityOf('c', 'cluster', isFormed) });
    const guest = new Listening();
    c.request(idOf('a'), 30, EMPTY_PAYLOAD, 1000, guest);
    a.serve(30, 'members', ({ answer }) => answer?.send(bytes('yes')));
    world.time.pass(100);
    expect(guest.failures.map(({ code }) => code)).to.deep.equal(['refused']);
    isFormed = true;
    c.renew();
    const member = new Listening();
    c.request(idOf('a'), 30, EMPTY_PAYLOAD, 1000, member);
    world.time.pass(100);
    expect(member.answers).to.deep.equal(['yes']);
  });

  it('refuses a wrong secret and another cluster, counts and logs that, and tries again with back-off', async () => {
    const { a } = await pair();
    const wrong = await world.add('wrong', { secret: Buffer.from('guess') });
    const other = await world.add('other', { identity: () => identityOf('other', 'another') });
    wrong.setMembers([idOf('a')]);
    other.setMembers([idOf('a')]);
    world.time.pass(30_000);
    expect(a.rejections.count('secret')).to.be.within(5, 15);
    expect(a.rejections.count('cluster')).to.be.within(5, 15);
    expect(world.logs.filter((line) => line.includes('another secret'))).to.have.lengthOf(1);
    expect(world.logs.filter((line) => line.includes('this node was refused'))).to.have.members([
      `Bus: this node was refused, its cluster-secret is another one: word from a:${BUS_PORT}`,
      `Bus: this node was refused, it is of another cluster: word from a:${BUS_PORT}`,
    ]);
    const asker = new Listening();
    wrong.request(idOf('a'), ECHO, bytes('x'), 1000, asker);
    world.time.pass(0);
    expect(asker.failures.map(({ code, refusal }) => [code, refusal])).to.deep.equal([['refused', 'secret']]);
  });

  it('closes streams that do not say who they are: after 5 s, and the oldest when there are too many', async () => {
    const { a, b, came } = await pair();
    const closed: number[] = [];
    const silent = world.network.of('silent');
    for (let i = 0; i < 70; i++) {
      silent.connect(
        { host: 'b', port: BUS_PORT },
        {
          onConnect: () => undefined,
          onData: () => undefined,
          onDrain: () => undefined,
          onEnd: () => closed.push(i),
          onClose: () => undefined,
        },
      );
    }
    world.time.pass(100);
    expect(closed).to.deep.equal([0, 1, 2, 3, 4, 5]);
    a.send(idOf('b'), KIND, bytes('x'));
    world.time.pass(100);
    expect(came).to.have.lengthOf(1);
    world.time.pass(6000);
    expect(closed).to.have.lengthOf(70);
    expect(b.rejections.count('crowded') + b.rejections.count('timeout')).to.equal(70);
  });

  it('closes the streams to members that are gone', async () => {
    const { a, b } = await pair();
    a.setMembers([idOf('a'), idOf('b')]);
    world.time.pass(100);
    a.setMembers([idOf('a')]);
    world.time.pass(100);
    expect([a.figures().length, a.isConnected(idOf('b'))]).to.deep.equal([0, false]);
    expect(b.figures()).to.deep.equal([]);
    expect(world.network.streams.size).to.equal(0);
  });

  it('measures round trips by its pings', async () => {
    const { a } = await pair();
    a.setMembers([idOf('b')]);
    world.time.pass(10_000);
    const [figures] = a.figures();
    expect(figures.roundTripMeanUs).to.equal(2000);
    expect(figures.roundTripP99Us).to.equal(2000);
    expect(figures.messagesOut).to.equal(figures.messagesIn);
  });

  it('brings messages that are larger than a frame', async () => {
    const { a, b } = await pair();
    const sizes: number[] = [];
    b.serve(30, 'members', ({ start, end }) => sizes.push(end - start));
    a.send(idOf('b'), 30, new BytesPayload(Buffer.alloc(20 * 1024 * 1024)));
    world.time.pass(1000);
    expect(sizes).to.deep.equal([20 * 1024 * 1024]);
  });
});
