import { replicasNeeded } from '../../cluster/coordination/consistency.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { EVERY_GROUP } from '../../cluster/replication/batch-parts.js';
import type { Replicator } from '../../cluster/replication/replicator.js';
import type { Tally } from '../../cluster/replication/tally.js';
import type { Connection } from '../connection.js';
import type { HeldReply } from '../held-reply.js';
import type { ReplyMarks } from './reply-marks.js';
import { NO_SLOT } from './ring-client.js';

export interface ReplyMarkerOptions {
  readonly view: () => RingView;
  readonly replicator: Replicator;
}

/** Notes what each command has written, and marks its reply with the replicas that it waits for (reply-marks.ts). */
export class ReplyMarker {
  private readonly options: ReplyMarkerOptions;

  constructor(options: ReplyMarkerOptions) {
    this.options = options;
  }

  /** A command has run here: notes what it has changed, and what its reply, which begins at `start`, waits for. */
  ran(connection: Connection, hasChanged: boolean, start: number): void {
    const { replicator } = this.options;
    const { slot, slots, isBlind } = connection.ring;
    if (hasChanged) {
      connection.ring.wroteLast = replicator.sequence + 1;
      if (slot !== NO_SLOT) replicator.note(slot, isBlind);
      else {
        for (const group of replicator.noteUnknown(isBlind)) this.markWritten(connection, group, start);
        return;
      }
    }
    if (slot !== NO_SLOT) this.mark(connection, slot, hasChanged, start);
    else if (slots !== undefined) for (const one of slots) this.mark(connection, one, hasChanged, start);
  }

  /** Has a reply wait for the replicas that its marks name. */
  await(reply: HeldReply, marks: ReplyMarks): void {
    const { replicator } = this.options;
    const tallies: (Tally | undefined)[] = [];
    for (let i = 0; i < marks.count; i++) {
      const { groups, sequences, levels, writes } = marks;
      tallies.push(replicator.await(groups[i], sequences[i], levels[i], writes[i], reply));
    }
    reply.awaitTallies(marks, tallies);
  }

  /**
   * The reply waits for what this node has written to a slot last, if that is not with enough replicas. What a read has refreshed is: earlier writes of this
   * node to its keys were compared, and repaired, then.
   */
  private mark(connection: Connection, slot: number, hasChanged: boolean, start: number): void {
    const { replicator, view } = this.options;
    const sequence = replicator.newestOf(slot);
    const { read, write } = connection.ring.consistency;
    const { ring, replicaCount } = view();
    const level = hasChanged ? write : read;
    const isAlone = replicasNeeded(level, replicaCount) < 2 && !(hasChanged && ring.isChanging);
    if (sequence === 0 || isAlone || (!hasChanged && sequence <= connection.ring.refreshedTo)) return;
    connection.ring.marks.mark(ring.groupOf(slot), sequence, level, hasChanged, start, connection.reply.length);
  }

  private markWritten(connection: Connection, group: number, start: number): void {
    const { replicator, view } = this.options;
    const { write } = connection.ring.consistency;
    const { memberCount, replicaCount, ring } = view();
    const needed = replicasNeeded(write, group === EVERY_GROUP ? memberCount : replicaCount);
    if (needed < 2 && !ring.isChanging) return;
    connection.ring.marks.mark(group, replicator.sequence + 1, write, true, start, connection.reply.length);
  }
}
