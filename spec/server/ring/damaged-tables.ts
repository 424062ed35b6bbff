import { expect } from 'chai';

import { keepEverything } from '../../sim/crash-fate.js';
import { DIRECTORY } from '../../storage/engine/store-bench.js';
import type { RingBench } from './ring-bench.js';

const TABLES = `${DIRECTORY}/tables`;

/** Flips a bit in each table of a node while it is away, and starts it again, still isolated. */
export async function damageTables(ring: RingBench, node: number): Promise<void> {
  await ring.ask(ring.nodes[node].connect(), 'SAVE');
  ring.isolate(node);
  const { disk } = ring.nodes[node];
  const paths = disk.list(TABLES).map((name) => `${TABLES}/${name}`);
  expect(paths).to.not.have.length(0);
  for (const path of paths) {
    const content = disk.contentOf(path);
    content[Math.floor(content.length / 8)] ^= 1;
    disk.plant(path, content);
  }
  await ring.restart(node, keepEverything);
}
