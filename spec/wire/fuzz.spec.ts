import { expect } from 'chai';
import { runCampaign, type CampaignResult } from '../../scripts/fuzz/campaign.js';
import { clientsExperiment } from '../../scripts/fuzz/clients-experiment.js';
import { commandExperiment } from '../../scripts/fuzz/command-experiment.js';
import { COMPARISON_MODES, comparisonExperiment } from '../../scripts/fuzz/comparison-experiment.js';
import type { Experiment } from '../../scripts/fuzz/experiment.js';
import { FuzzTarget } from '../../scripts/fuzz/fuzz-target.js';
import { rawExperiment } from '../../scripts/fuzz/raw-experiment.js';
import { reloadExperiment } from '../../scripts/fuzz/reload-experiment.js';
import { requireProgram } from '../tools/programs.js';
import { specSeed } from '../tools/spec-seed.js';

/** A short run of what `npm run fuzz` does for as long as one likes, so many commands or connections. The seed is printed where something is wrong. */
const RUN_SIZE = 400;

describe('ringkv under random input', () => {
  let ringkv: FuzzTarget;
  before(async () => {
    ringkv = await FuzzTarget.start('ringkv');
  });
  after(() => ringkv.stop());

  function run(experiment: Experiment): Promise<CampaignResult> {
    return runCampaign(experiment, { seed: specSeed(), durationMs: Infinity, sizeMax: RUN_SIZE });
  }

  it('stands bytes that are hardly the protocol', async function () {
    this.timeout(120_000);
    expect((await run(rawExperiment(ringkv))).failures).to.deep.equal([]);
  });

  it('stands commands with arguments that nobody should send', async function () {
    this.timeout(120_000);
    expect((await run(await commandExperiment(ringkv))).failures).to.deep.equal([]);
  });

  it('finds on the disk what random commands have done', async function () {
    this.timeout(120_000);
    expect((await run(await reloadExperiment(ringkv))).failures).to.deep.equal([]);
  });

  it('stands clients that disturb each other', async function () {
    this.timeout(120_000);
    expect((await run(await clientsExperiment(ringkv))).failures).to.deep.equal([]);
  });

  it('answers random commands as redis-server does, with its data in memory, on disk, and after restarts', async function () {
    this.timeout(120_000);
    requireProgram(this, 'redis-server');
    const redis = await FuzzTarget.start('redis');
    try {
      for (const mode of COMPARISON_MODES) {
        const { failures } = await run(await comparisonExperiment(ringkv, redis, { mode }));
        expect(failures, mode).to.deep.equal([]);
      }
    } finally {
      await redis.stop();
    }
  });
});
