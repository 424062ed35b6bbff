/** INFO ring: this node as a member of a ring. Counts are since the start, sizes are bytes. */

import type { Call } from './call.js';
import type { InfoField } from './info-sections.js';

export function ring({ server }: Call): InfoField[] {
  if (server.ring === undefined) return [];
  const { hints, ...figures } = server.ring.figures;
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
    ['hint_bytes', hints.bytes],
    ['hints', hints.count],
    ['hint_oldest_age_sec', hints.oldestAgeSeconds],
    ['hints_kept', hints.keptCount],
    ['hints_replayed', hints.replayedCount],
    ['hints_dropped', hints.droppedCount],
    ['hint_lost_bytes', hints.lostBytes],
  ];
}
