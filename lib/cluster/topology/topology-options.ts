import type { Clock, Random, Timers } from '../../host/ports.js';
import type { Candidate } from './new-ring.js';
import type { Messenger } from './ports.js';
import type { RingStore } from './ring-store.js';

export interface TopologyOptions {
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly store: RingStore;
  /** `host:port` of each, in any order. For a new cluster all of its first nodes are given the same. */
  readonly seeds: readonly string[];
  /** This node, as it becomes a member. */
  readonly candidate: Candidate;
  /** N of a cluster that this node founds. */
  readonly replicaCount: number;
  /** Whether this node holds any key, or may. Members are added at once only while none does. */
  readonly holdsData: () => boolean;
  /** No client's write is taken for so long, or until `onRing` has told the next ring: one member more is being decided about. */
  readonly pauseWrites: (durationMs: number) => void;
  /** Takes a line for the log. */
  readonly report: (line: string) => void;
}
