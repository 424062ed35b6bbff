import { expect } from 'chai';
import { RedisTwin } from '../commands/redis-twin.js';
import { NodeBench } from '../server/node-bench.js';
import { requireProgram } from '../tools/programs.js';
import { SCRIPTS } from './library-scripts.js';

describe('Scripts beside redis-server', () => {
  let redis: RedisTwin | undefined;

  before(async function () {
    requireProgram(this, 'redis-server');
    redis = await RedisTwin.start();
  });

  after(() => redis?.stop());

  for (const [what, scripts] of Object.entries(SCRIPTS)) {
    it(`answer alike, and fail in the same words: ${what}`, async () => {
      const bench = await NodeBench.start();
      const client = bench.connect();
      await redis?.ask('FLUSHALL');
      for (const script of scripts) {
        const bytes = Buffer.from(script, 'latin1');
        const ours = await bench.ask(client, 'EVAL', bytes, 0);
        expect(withoutMarks(ours), script).to.deep.equal(await redis?.ask('EVAL', bytes, 0));
      }
    });
  }
});

/** The same with errors as the twin gives them. */
function withoutMarks(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(withoutMarks);
  return typeof reply === 'string' ? reply.replace(/^-(?=[A-Za-z]+ )/, '') : reply;
}
