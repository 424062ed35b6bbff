import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CrashRig, type FsyncPolicy, type RoundPlan } from '../../scripts/crash/crash-rig.js';

/** Five ends: at once and under way, with the log being rewritten and not, and one in good order. */
const ROUNDS: readonly RoundPlan[] = [
  { loadMs: 150, signal: 'SIGKILL', rewriting: false },
  { loadMs: 400, signal: 'SIGKILL', rewriting: true },
  { loadMs: 700, signal: 'SIGKILL', rewriting: true },
  { loadMs: 300, signal: 'SIGTERM', rewriting: true },
  { loadMs: 500, signal: 'SIGKILL', rewriting: false },
];

describe('ringkv killed under load', () => {
  for (const policy of ['always', 'everysec'] as const satisfies readonly FsyncPolicy[]) {
    it(`has lost nothing acknowledged, and invented nothing, with appendfsync ${policy}`, async function () {
      this.timeout(60_000);
      const dir = mkdtempSync(join(tmpdir(), 'crash-'));
      const rig = await CrashRig.start({ dir, policy, writers: 4 });
      try {
        for (const plan of ROUNDS) {
          const { problems, acknowledged } = await rig.run(plan);
          expect(problems).to.deep.equal([]);
          expect(acknowledged).to.be.greaterThan(0);
        }
        expect(await rig.stop()).to.deep.equal({ code: 0, signal: null });
      } finally {
        await rig.stop();
        rmSync(dir, { recursive: true });
      }
    });
  }
});
