import { expect } from 'chai';
import fc from 'fast-check';
import { BatchParts, EVERY_GROUP } from '../../../lib/cluster/replication/batch-parts.js';
import {
  REPLICATE_HEAD_BYTES,
  ReplicatePayload,
  Shipment,
  concernsOf,
} from '../../../lib/cluster/replication/shipment.js';
import { BatchReader } from '../../../lib/record/batch-reader.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';

interface Put {
  readonly group: number;
  readonly key: string;
}

/** A batch with a string for each key, and which of its records concern which group. */
function shipmentOf(puts: readonly Put[]): Shipment {
  const batch = new WriteBatch(7);
  const parts = new BatchParts();
  puts.forEach(({ group, key }, i) => {
    batch.entry(0, Buffer.from(key), 0, key.length, 1, 100 + i);
    batch.string(100 + i, true, Buffer.from('v'), 0, 1);
    parts.add(group, true, batch.byteLength);
  });
  return new Shipment(3, Buffer.from(batch.buffer.subarray(batch.start, batch.end)), parts, 0);
}

/** The keys that a replica of these groups is sent, and the stamps. */
function sent(shipment: Shipment, groups: readonly number[]): [string, number][] {
  const payload = new ReplicatePayload();
  if (!payload.set(shipment, concernsOf(new Set(groups)), 2)) return [];
  const bytes = Buffer.alloc(payload.byteLength);
  payload.writeTo(bytes, 0);
  expect([bytes.readDoubleLE(0), bytes.readDoubleLE(8)]).to.deep.equal([3, 2]);
  const reader = new BatchReader();
  const found: [string, number][] = [];
  reader.open(bytes, REPLICATE_HEAD_BYTES, bytes.length, 'spec');
  while (reader.next()) {
    found.push([bytes.toString('latin1', reader.keyStart, reader.keyEnd), reader.stamp]);
  }
  return found;
}

const puts = fc.array(
  fc.record({ group: fc.constantFrom(EVERY_GROUP, 0, 1, 2), key: fc.string({ unit: 'binary-ascii', maxLength: 9 }) }),
  { minLength: 1, maxLength: 20 },
);

describe('ReplicatePayload', () => {
  it('sends a replica the records of its groups, and those for all, as they were', () => {
    fc.assert(
      fc.property(puts, fc.subarray([0, 1, 2]), (all, groups) => {
        const expected = all.flatMap(({ group, key }, i) =>
          group === EVERY_GROUP || groups.includes(group) ? [[key, 100 + i]] : [],
        );
        expect(sent(shipmentOf(all), groups)).to.deep.equal(expected);
      }),
    );
  });
});

describe('Shipment locate', () => {
  it('finds in the whole batch what a replica names by its number in what it was sent', () => {
    fc.assert(
      fc.property(puts, fc.subarray([0, 1, 2]), (all, groups) => {
        const shipment = shipmentOf(all);
        const concerns = concernsOf(new Set(groups));
        sent(shipment, groups).forEach(([key], record) => {
          const place = shipment.locate(record, concerns);
          expect(place && shipment.bytes.toString('latin1', place.at, place.at + key.length)).to.equal(key);
          const group = place && shipment.parts.groups[place.part];
          expect(group !== undefined && concerns(group)).to.equal(true);
        });
        expect(shipment.locate(99, concerns)).to.equal(undefined);
      }),
    );
  });
});
