import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CrashRig, type FsyncPolicy, type RoundPlan } from '../../scripts/crash/crash-rig.js';

/** Five ends: at once and under way, amidst flushes and compactions and all the more of them, and one in good order. */
const ROUNDS: readonly RoundPlan[] = [
  { loadMs: 150, signal: 'SIGKILL', upkeep: undefined },
  { loadMs: 700, signal: 'SIGKILL', upkeep: 'COMPACT' },
  { loadMs: 400, signal: 'SIGKILL', upkeep: 'SAVE' },
  { loadMs: 300, signal: 'SIGTERM', upkeep: 'COMPACT' },
  { loadMs: 600, signal: 'SIGKILL', upkeep: undefined },
];
/** Twice what memory may hold. */
const BALLAST_BYTES = 128 * 2 ** 20;

describe('ringkv killed under load', () => {
  for (const policy of ['always', 'everysec'] as const satisfies readonly FsyncPolicy[]) {
    it(`has lost nothing acknowledged, and invented nothing, with appendfsync ${policy}`, async function () {
      this.timeout(120_000);
      const dir = mkdtempSync(join(tmpdir(), 'crash-'));
      const rig = await CrashRig.start({ dir, policy, writers: 4, ballastBytes: BALLAST_BYTES });
      try {
        const seen = { flushes: 0, compactions: 0 };
        for (const plan of ROUNDS) {
          const { problems, acknowledged, flushes, compactions } = await rig.run(plan);
          expect(problems).to.deep.equal([]);
          expect(acknowledged).to.be.greaterThan(0);
          seen.flushes += flushes;
          seen.compactions += compactions;
        }
        // How many depends on how fast the disk syncs.
        expect(seen.flushes + seen.compactions, 'flushes and compactions').to.be.greaterThan(0);
        expect(await rig.stop()).to.deep.equal({ code: 0, signal: null });
      } finally {
        await rig.stop();
        rmSync(dir, { recursive: true });
      }
    });
  }
});
