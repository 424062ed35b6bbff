import { expect } from 'chai';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { requestOf } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

type Words = readonly (string | number)[];

const PIPELINES: readonly { requests: readonly Words[]; replies: readonly unknown[] }[] = [
  { requests: [['SET', 'k', 5], ['INCR', 'k']], replies: ['OK', 6] }, // prettier-ignore
  { requests: [['SET', 'k', 5], ['DEL', 'k']], replies: ['OK', 1] }, // prettier-ignore
  { requests: [['SET', 'k', 5], ['DEL', 'k', 'other']], replies: ['OK', 1] }, // prettier-ignore
  { requests: [['SET', 'k', 5], ['CAS', 'k', 5, 6]], replies: ['OK', 1] }, // prettier-ignore
  { requests: [['SET', 'k', 5], ['SET', 'k', 6, 'XX', 'GET']], replies: ['OK', '5'] }, // prettier-ignore
  { requests: [['INCR', 'n'], ['SET', 'k', 5], ['INCR', 'n'], ['INCR', 'k']], replies: [1, 'OK', 2, 6] }, // prettier-ignore
  { requests: [['SET', 'k', 5], ['MULTI'], ['INCR', 'k'], ['EXEC']], replies: ['OK', 'OK', 'QUEUED', [6]] }, // prettier-ignore
];

/** A replica that hears none of these does not know that consensus decides about a key. */
const OF_CONSENSUS: readonly number[] = [MessageKind.PREPARE, MessageKind.ACCEPT, MessageKind.DECIDED];

/** Has a pipeline run at a replica of `k` that does not act for it, while what that node has changed is held up, and then not. */
async function run(requests: readonly Words[], level: string): Promise<unknown[]> {
  const ring = await RingBench.start(5);
  const [, second] = ring.replicasOf('k');
  const client = ring.nodes[second].connect();
  await ring.ask(client, 'CONSISTENCY', level);
  client.sendBytes(Buffer.concat(requests.map((words) => requestOf(...words))));
  await ring.settle(({ kind }) => kind !== MessageKind.REPLICATE);
  await ring.settle();
  return client.replies();
}

describe('OwnWrites', () => {
  for (const level of ['QUORUM', 'ONE']) {
    for (const { requests, replies } of PIPELINES) {
      const text = requests.map((words) => words.join(' ')).join('; ');
      it(`has "${text}" find what its client has put before at ${level}, though other replicas have it late`, async () => {
        expect(await run(requests, level)).to.deep.equal(replies);
      });
    }
  }

  for (const [behind, reply] of [
    [['GETSET', 'k', 6], '5'],
    [['INCR', 'k'], 6],
  ] as const) {
    it(`has ${behind[0]} find what its client has put before to a key that, as only others know, consensus decides about: it came before that (seed 10100420)`, async () => {
      const ring = await RingBench.start(3);
      const [first, second] = ring.replicasOf('k');
      const isUnheard = ({ to, kind }: { to: number; kind: number }): boolean =>
        to === second && OF_CONSENSUS.includes(kind);
      const other = ring.nodes[first].connect();
      other.send('CAD', 'k', 'x');
      await ring.settle((sent) => !isUnheard(sent));
      expect(other.replies()).to.deep.equal([null]);
      const client = ring.nodes[second].connect();
      client.sendBytes(Buffer.concat([requestOf('SET', 'k', 5), requestOf(...behind)]));
      await ring.settle((sent) => !isUnheard(sent) && sent.kind !== MessageKind.DECIDE_PUT);
      await ring.settle();
      expect(client.replies()).to.deep.equal(['OK', reply]);
    });
  }

  it('does not wait for what cannot arrive: a member that acts for a key was cut off when it was put', async () => {
    const ring = await RingBench.start(3);
    const [first, second] = ring.replicasOf('k');
    const client = ring.nodes[second].connect();
    ring.isolate(first);
    expect(await ring.ask(client, 'SET', 'k', 5)).to.equal('OK');
    ring.connectAgain();
    expect(await ring.ask(client, 'INCR', 'k')).to.equal(6);
  });

  it('lets clients go on that have put nothing, whatever others put', async () => {
    const ring = await RingBench.start(3);
    const [, second] = ring.replicasOf('k');
    const [writer, counter] = [ring.nodes[second].connect(), ring.nodes[second].connect()];
    writer.send('SET', '{k}other', 1);
    counter.send('INCR', 'k');
    await ring.settle(({ kind, message }) => kind !== MessageKind.REPLICATE || message.from !== ring.ids[second]);
    expect(counter.replies()).to.deep.equal([1]);
    await ring.settle();
  });
});
