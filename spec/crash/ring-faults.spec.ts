import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cut, kill, pause, shutDown, type Fault } from '../../scripts/ring-faults/faults.js';
import { CATCH_UP_MS } from '../../scripts/ring-faults/missed-writes.js';
import { PrivateNetwork } from '../../scripts/ring-faults/private-network.js';
import { RingProcesses } from '../../scripts/ring-faults/ring-processes.js';
import { soak } from '../../scripts/ring-faults/soak.js';
import { requestsDuring, percentile, wrongObituaries } from '../../scripts/ring-faults/verdict.js';

const NODES = 5;
/** The machine may be busy: these are bounds for what works at all. `npm run soak:ring` has the real ones. */
const MEDIAN_MS_MAX = 250;
const FAILED_SHARE_MAX = 0.2;

describe('A ring of five processes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ringkv-faults-'));
  let ring: RingProcesses;
  let network: PrivateNetwork | undefined;

  before(async function () {
    this.timeout(60_000);
    network = PrivateNetwork.isPossible ? new PrivateNetwork(NODES) : undefined;
    ring = await RingProcesses.start({ count: NODES, dir, network });
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
      const { name } = incident.fault;
      expect(failed.length, `${name}: failed of ${samples.length}`).to.be.at.most(samples.length * FAILED_SHARE_MAX);
      expect(percentile(samples, 0.5), `${name}: median`).to.be.below(MEDIAN_MS_MAX);
      expect(incident.caughtUp.missedCount, `${name}: missed`).to.be.greaterThan(10);
      expect(incident.caughtUp.tookMs, `${name}: what it missed is there`).to.be.below(CATCH_UP_MS);
    }
  });
});
