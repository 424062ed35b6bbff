import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cut, kill, pause, shutDown, type Fault } from '../../scripts/ring-faults/faults.js';
import { CATCH_UP_MS, NO_REPAIR } from '../../scripts/ring-faults/missed-writes.js';
import { PrivateNetwork } from '../../scripts/ring-faults/private-network.js';
import { RingProcesses } from '../../scripts/ring-faults/ring-processes.js';
import { soak } from '../../scripts/ring-faults/soak.js';
import { errorsElsewhere, requestsDuring, percentile, wrongObituaries } from '../../scripts/ring-faults/verdict.js';

const NODES = 5;
/** The machine may be busy: these are bounds for what works at all. `npm run soak:ring` has the real ones. */
const MEDIAN_MS_MAX = 250;
const FAILED_SHARE_MAX = 0.2;

const QUEUES = 30;

describe('A ring of five processes', () => {
  let dir: string;
  let ring: RingProcesses;
  let network: PrivateNetwork | undefined;

  before(async function () {
    this.timeout(60_000);
    dir = mkdtempSync(join(tmpdir(), 'ringkv-faults-'));
    network = PrivateNetwork.isPossible ? new PrivateNetwork(NODES) : undefined;
    ring = await RingProcesses.start({ count: NODES, dir, network, args: NO_REPAIR });
  });

  after(async function () {
    this.timeout(60_000);
    await ring.stop();
    network?.remove();
    rmSync(dir, { recursive: true });
  });

  it('serves on while one is killed, paused, shut down or cut off, loses nothing, and takes nobody for dead in haste', async function () {
    this.timeout(120_000);
    const plan: [Fault, number][] = [
      [kill(2500), 0],
      [pause(2000), 1],
      [shutDown(2500), 2],
      [pause(3500), 3],
    ];
    if (network !== undefined) plan.push([cut(network, 3500), 4]);
    const outcome = await soak({ ring, perSecond: 200, plan, calmMs: 1000, warmUpMs: 1000 });
    expect(outcome.problems).to.deep.equal([]);
    expect(outcome.acknowledged).to.be.greaterThan(500);
    expect(wrongObituaries(ring, outcome.incidents)).to.deep.equal([]);
    for (const incident of outcome.incidents) {
      const samples = requestsDuring(outcome.samples, incident);
      const failed = samples.filter(({ error }) => error !== undefined);
      const { name, isInOrder } = incident.fault;
      if (isInOrder) expect(errorsElsewhere(outcome.samples, incident), name).to.deep.equal([]);
      expect(failed.length, `${name}: failed of ${samples.length}`).to.be.at.most(samples.length * FAILED_SHARE_MAX);
      expect(percentile(samples, 0.5), `${name}: median`).to.be.below(MEDIAN_MS_MAX);
      expect(incident.caughtUp.missedCount, `${name}: missed`).to.be.greaterThan(0);
      expect(incident.caughtUp.tookMs, `${name}: what it missed is there`).to.be.below(CATCH_UP_MS);
    }
  });

  it('has clients wait on for keys whose node is killed', async function () {
    this.timeout(60_000);
    const [waiting, pushing] = await Promise.all([ring.node(1).connect(), ring.node(2).connect()]);
    const keys = Array.from({ length: QUEUES }, (_, i) => `queue:${i}`);
    const waiters = await Promise.all(keys.map(() => ring.node(1).connect()));
    const taken = waiters.map((client, i) => client.call('BLPOP', keys[i], 0));
    // All wait when one that came later is answered.
    await waiting.call('BLPOP', 'nothing', 0.1);
    await ring.node(0).kill('SIGKILL');
    for (const key of keys) await untilDone(() => pushing.call('RPUSH', key, 'element'));
    expect(await Promise.all(taken)).to.deep.equal(keys.map((key) => [key, 'element']));
    for (const client of [waiting, pushing, ...waiters]) client.close();
    await ring.startNode(0);
  });
});

/** Who waits takes one element: that there may be two does not matter. */
async function untilDone(push: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await push();
      return;
    } catch (error) {
      if (!(error instanceof Error) || !/^(NOREPLICAS|TIMEOUT) /.test(error.message)) throw error;
    }
  }
}
