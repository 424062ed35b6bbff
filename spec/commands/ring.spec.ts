import { expect } from 'chai';
import { FakeRing, idOf } from './fake-ring.js';
import type { FakeClient, Plain } from './fake-server.js';
import { FakeServer } from './fake-server.js';

describe('commands/ring', () => {
  let server: FakeServer;
  let ring: FakeRing;
  let client: FakeClient;
  beforeEach(async () => {
    server = new FakeServer();
    server.ring = ring = new FakeRing();
    client = server.connect();
    await client.ask('hello', 3);
  });

  async function map(...words: string[]): Promise<Map<Plain, Plain>> {
    return (await client.ask('ring', ...words)) as Map<Plain, Plain>;
  }

  it('RING STATUS counts members, voters and slots', async () => {
    ring.up[2] = false;
    const status = await map('status');
    expect(status.get('members')).to.equal(3);
    expect(status.get('members-up')).to.equal(2);
    expect(status.get('voters-up')).to.equal(2);
    expect(status.get('slots-with-majority')).to.equal(16384);
    expect(status.get('writes-restamped')).to.equal(8);
    expect(status.get('unacknowledged-bytes')).to.equal(14);
    expect(status.get('hints-replayed')).to.equal(11);
  });

  it('RING MEMBERS says where each is, how it is, and what it holds', async () => {
    ring.up[1] = false;
    const members = (await client.ask('ring', 'members')) as Map<Plain, Plain>[];
    expect(members.map((member) => member.get('id'))).to.deep.equal([idOf(0), idOf(1), idOf(2)]);
    expect(members.map((member) => member.get('up'))).to.deep.equal([true, false, true]);
    expect(members.map((member) => member.get('slots-led'))).to.deep.equal([5461, 0, 10923]);
    expect(members[1].get('liveness')).to.equal('dead');
    expect(members[2].get('round-trip-us')).to.equal(150);
  });

  it('RING LEAVE and RING REMOVE take members out, RING REPLACE has one replaced, RING ABORT ends a change, and each says why it does not', async () => {
    expect(await client.ask('ring', 'leave')).to.equal('OK');
    ring.up[2] = false;
    expect(await client.ask('ring', 'remove', idOf(2))).to.equal('OK');
    expect(ring.takenOut).to.deep.equal([idOf(0), idOf(2)]);
    expect(await client.ask('ring', 'remove', 'x')).to.equal('-ERR it is no member');
    expect(await client.ask('ring', 'replace', idOf(1))).to.equal('OK');
    expect(ring.replaced).to.deep.equal([idOf(1)]);
    expect(await client.ask('ring', 'replace', 'x')).to.equal('-ERR it is no member');
    expect((await map('status')).get('to-be-replaced')).to.equal(idOf(1));
    expect(await client.ask('ring', 'abort')).to.equal('OK');
    expect((await map('status')).get('to-be-replaced')).to.equal('');
    expect(await client.ask('ring', 'abort')).to.equal('-ERR the ring is not being changed');
    server.ring = undefined;
    expect(await client.ask('ring', 'leave')).to.equal('-ERR This instance has cluster support disabled');
  });

  it('RING REMOVE and CLUSTER FORGET take nobody out who is alive, and say what does', async () => {
    const refusal = `-ERR ${idOf(1)} is alive: RING LEAVE at it takes it out, or, from here, RING REMOVE ${idOf(1)} FORCE`;
    expect(await client.ask('ring', 'remove', idOf(1))).to.equal(refusal);
    expect(await client.ask('cluster', 'forget', idOf(1))).to.equal(refusal);
    expect(await client.ask('ring', 'remove', idOf(1), 'now')).to.match(/^-ERR syntax error/);
    expect(ring.takenOut).to.deep.equal([]);
    expect(await client.ask('ring', 'remove', idOf(1), 'force')).to.equal('OK');
    expect(ring.takenOut).to.deep.equal([idOf(1)]);
  });

  it('RING OWNERS lists the replicas in order, and who acts', async () => {
    // Slot 12182.
    ring.up[2] = false;
    const owners = (await client.ask('ring', 'owners', 'foo')) as Map<Plain, Plain>[];
    expect(owners.map((owner) => owner.get('address'))).to.deep.equal([
      '127.0.0.1:7002',
      '127.0.0.1:7000',
      '127.0.0.1:7001',
    ]);
    expect(owners.map((owner) => owner.get('acts'))).to.deep.equal([false, true, false]);
  });

  it('RING EXPLAIN says what this node knows, and where a request would run', async () => {
    const foo = await map('explain', 'foo');
    expect(foo.get('slot')).to.equal(12182);
    expect(foo.get('replicas-up')).to.equal(3);
    expect(foo.get('digest')).to.equal('00000000000000ab');
    expect(foo.get('reads')).to.equal('here');
    expect(foo.get('changes')).to.equal('at 127.0.0.1:7002');
    expect((await map('explain', 'cold')).get('digest')).to.equal('on disk alone');
  });

  it('RING EXPLAIN says that nothing runs at a node that is no replica for now', async () => {
    ring.up[0] = false;
    const foo = await map('explain', 'foo');
    expect(foo.get('held-here')).to.equal(true);
    for (const what of ['reads', 'writes']) expect(foo.get(what)).to.equal('at 127.0.0.1:7002');
  });

  it('RING EXPLAIN says what each replica knows, and why a read would answer what it answers', async () => {
    const foo = await map('explain', 'foo');
    const replicas = foo.get('replicas') as Map<Plain, Plain>[];
    expect(replicas.map((replica) => replica.get('knows'))).to.deep.equal([
      '00000000000000aa',
      '00000000000000ab',
      '00000000000000ab',
    ]);
    expect(replicas.map((replica) => replica.get('siblings'))).to.deep.equal([1, 2, 2]);
    expect(replicas.map((replica) => replica.get('hints-here'))).to.deep.equal([4, 0, 0]);
    expect(foo.get('last-repair-ago-sec')).to.equal(20);
    expect(replicas[0].get('written-by')).to.equal('node 9, which is gone');
    expect(replicas[1].get('written-by')).to.equal('127.0.0.1:7000');
    expect(replicas[1].get('written-at-ms')).to.equal(1577836800000 + 5000);
    expect(foo.get('a-read')).to.equal(
      'asks 3 replicas and waits for 2: they differ, so what 2 of them know is merged first, and who has less is repaired before the answer. ' +
        'The newest write is known to 127.0.0.1:7000 and 127.0.0.1:7001.',
    );
    ring.era = 1;
    expect((await map('explain', 'foo')).get('a-read')).to.match(/^is decided by a majority/);
    ring.era = 0;
    ring.up[2] = false;
    const without = await map('explain', 'foo');
    expect((without.get('replicas') as Map<Plain, Plain>[])[0].get('knows')).to.equal('no answer');
    expect(without.get('a-read')).to.equal('asks 2 replicas and waits for 2: all of them know the same.');
    ring.up[1] = false;
    expect((await map('explain', 'foo')).get('a-read')).to.equal(
      'is refused: it needs 2 replicas, and 1 can be reached',
    );
  });

  it('RING EXPLAIN says of a key that was compared and set that a majority is enough at each level, but that one replica answers alone', async () => {
    ring.era = 1;
    ring.up[2] = false;
    const readAt = async (level: string): Promise<Plain | undefined> => {
      client.consistency = level;
      return (await map('explain', 'foo')).get('a-read');
    };
    expect(await readAt('ALL')).to.match(/^is decided by a majority/);
    expect(await readAt('ONE')).to.equal('is answered by 127.0.0.1:7000 alone, which knows what all others know.');
    ring.era = 0;
    expect(await readAt('ALL')).to.equal('is refused: it needs 3 replicas, and 2 can be reached');
    expect(await readAt('LINEARIZABLE')).to.equal('is decided by a majority of the replicas, because of its level');
    ring.up[1] = false;
    expect(await readAt('LINEARIZABLE')).to.equal('is refused: it needs 2 replicas, and 1 can be reached');
  });

  it('RING answers arrays in RESP2, and is refused on a single node', async () => {
    await client.ask('hello', 2);
    expect(await client.ask('ring', 'status')).to.include.members(['epoch', 7]);
    server.ring = undefined;
    expect(await client.ask('ring', 'status')).to.equal('-ERR This instance has cluster support disabled');
  });
});
