/**
 * Shows how even the ring stays while members join and leave: `node scripts/run.mjs scripts/ring/main.js [replicas] [zones]`.
 *
 * Ids are made of a seed: the same table every time.
 */

import { createHash } from 'node:crypto';
import { left, right, textTable } from '../tools/text-table.js';
import type { RingDocument } from '../../lib/cluster/ring/ring-document.js';
import { evennessOf, withMember, withoutMember } from './evenness.js';

const MEMBERS = 50;
const [replicaCount = 3, zoneCount = 1] = process.argv.slice(2).map(Number);

const rows: string[][] = [];
let ring: RingDocument | undefined;
for (let number = 1; number <= MEMBERS; number++) {
  const id = createHash('sha1').update(`member ${number}`).digest('hex');
  const next: RingDocument = withMember(ring, id, `zone${number % zoneCount}`, replicaCount);
  if (ring !== undefined && number >= 3) {
    const join = evennessOf(ring, next, id);
    const gone = number % next.members.length;
    const leave = evennessOf(next, withoutMember(next, gone), next.members[gone].id);
    const figures = [join.firsts, join.replicas, join.moved, leave.moved, leave.replicas].map((each) =>
      each.toFixed(3),
    );
    rows.push([`${number}`, ...figures, `${join.movedElsewhere}`, `${leave.movedElsewhere}`]);
  }
  ring = next;
}
const titles = ['firsts max/min', 'replicas max/min', 'join moved', 'leave moved', 'max/min after leave'];
const elsewhere = ['join moved elsewhere', 'leave moved elsewhere'];
process.stdout.write(`N=${replicaCount}, ${zoneCount} zones; moved: by the fair share of who came or went\n`);
process.stdout.write(textTable([left('members'), ...[...titles, ...elsewhere].map(right)], rows));
