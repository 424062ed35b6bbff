import { expect } from 'chai';

import { RepairFailedError } from '../../../lib/cluster/repair/repair-calls.js';
import type { KeyspaceRepairOptions } from '../../../lib/server/ring/repair-store.js';
import { KeyspaceRepair } from '../../../lib/server/ring/repair-store.js';
import { KeyspaceBench } from '../../data/keyspace-bench.js';

const KEY = Buffer.from('k');

describe('KeyspaceRepair', () => {
  it('is given up, and no fault of the program, when the data was closed while it rested', async () => {
    const { keyspace } = new KeyspaceBench();
    const repair = new KeyspaceRepair({
      keyspace,
      store: { isOpen: false },
      entries: { digest: () => undefined },
    } as unknown as KeyspaceRepairOptions);
    const calls = [repair.keysBetween(0, 1), repair.batchesOf(KEY), repair.addTo({ high: 0, low: 0 }, KEY)];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).to.have.property('reason').that.is.instanceOf(RepairFailedError);
    }
  });
});
