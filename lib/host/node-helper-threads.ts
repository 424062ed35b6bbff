/**
 * The runtime's own threads: they compile what has become hot, and collect garbage beside the main thread. When much is new to a process, at its start or when the ring changes, there are
 * more of them that want a processor than there are processors, on a machine of some nodes; and what they make ready can wait, while clients cannot. So they get a tenth of what a main thread gets,
 * where that is wanted by more than there are. Those of its pool are among them, which have read the program by then: here they free files and look up names. What is synced and read is done by
 * threads of our own (node-sync-thread.ts), which begin later.
 */

import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Of Linux's scheduler. */
const NICENESS = 10;
const THREADS = '/proc/self/task';

/** REQUIRES: this process has started no thread of its own yet. */
export function putHelperThreadsBehind(): void {
  // Elsewhere priorities are those of processes.
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync(THREADS).map(Number)) if (thread !== process.pid) setPriority(thread, NICENESS);
  } catch {
    // A thread has ended meanwhile, or nobody may know of them: then it is as it was.
  }
}
