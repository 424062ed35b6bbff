/** INFO ring: this node as a member of a ring. Counts are since the start, sizes are bytes. */

import type { Call } from './call.js';
import type { InfoField } from './info-sections.js';

/** Longer errors would make a line that nobody reads. */
const TEXT_MAX = 200;

export function ring({ server }: Call): InfoField[] {
  if (server.ring === undefined) return [];
  const { hints, repair, ...figures } = server.ring.figures;
  const members = server.ring.members();
  return [
    ['forwarded_requests', figures.forwardedRequests],
    ['refused_requests', figures.refusedRequests],
    ['refreshed_keys', figures.refreshedKeys],
    ['differing_keys', figures.differingKeys],
    ['late_repairs', figures.lateRepairs],
    ['read_timeouts', figures.readTimeouts],
    ['write_timeouts', figures.writeTimeouts],
    ['restamped_writes', figures.restampedWrites],
    ['unacknowledged_bytes', figures.unacknowledgedBytes],
    ['stale_messages', figures.staleMessages],
    ['clock_ahead_messages', figures.clockAheadMessages],
    ['clock_error_ms', figures.clockErrorMs],
    ['decided_keys', figures.decidedKeys],
    ['decided_bytes', figures.decidedBytes],
    ['decided_deleted_keys', repair.deletedDecisions],
    ['decided_forgotten_keys', repair.forgottenDecisions],
    ['hint_bytes', hints.bytes],
    ['hints', hints.count],
    ['hint_oldest_age_sec', hints.oldestAgeSeconds],
    ['hints_kept', hints.keptCount],
    ['hints_replayed', hints.replayedCount],
    ['hints_dropped', hints.droppedCount],
    ['hint_lost_bytes', hints.lostBytes],
    ['hint_unreadable_files', hints.unreadableFiles],
    ['repair_state', repair.state],
    ['repair_rounds', repair.rounds],
    ['repair_last_round_ago_sec', repair.lastRoundAgoSeconds],
    ['repair_last_divergence', repair.lastDivergence],
    ['repair_exchanges', repair.exchanges],
    ['repair_failures', repair.failures],
    ['repair_last_error', repair.lastError.slice(0, TEXT_MAX)],
    ['repair_leaves_differing', repair.leavesDiffering],
    ['repair_keys_differing', repair.keysDiffering],
    ['repair_keys_received', repair.keysReceived],
    ['repair_keys_sent', repair.keysSent],
    ['repair_keys_offered', repair.offeredKeys],
    ['repair_trees_built', repair.treesBuilt],
    ['repair_trees_reused', repair.treesReused],
    ['repair_tree_keys', repair.treeKeys],
    ['repair_tree_read_bytes', repair.treeReadBytes],
    ['repair_sent_bytes', repair.sentBytes],
    ['repair_received_bytes', repair.receivedBytes],
    ['repair_closings', repair.closings],
    ['repair_settled_slots', repair.settledSlots],
    ['repair_settled_up_to_ms', repair.settledUpToMs],
    ['repair_deletes_dropped', repair.deletesDropped],
    ['repair_marks_dropped', repair.marksDropped],
    ['damaged_tables', repair.damagedTables],
    ['restored_tables', repair.restoredTables],
    ['restored_keys', repair.restoredKeys],
    ['away_members', members.filter(({ state }) => state === 'away').length],
    ['returning_members', members.filter(({ state }) => state === 'returning').length],
    ['transferred_out_bytes', figures.transferredOutBytes],
    ['transferred_in_bytes', figures.transferredInBytes],
    ['given_up_slots_in_memory', figures.givenUpSlots],
    ['given_up_bytes_on_disk', figures.givenUpBytes],
  ];
}
