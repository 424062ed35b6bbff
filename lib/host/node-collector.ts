import { setFlagsFromString } from 'node:v8';

/**
 * V8's names for what other threads do when it collects garbage. Its parallel-marking is not among them: V8 ends a process that turns that off while it runs.
 */
const BESIDE = [
  'parallel-scavenge',
  'parallel-compaction',
  'parallel-pointer-update',
  'concurrent-marking',
  'concurrent-sweeping',
  'concurrent-array-buffer-sweeping',
];

/**
 * Has garbage collected on the thread that has made it. The heap is small, for data is not in it: to wake other threads for it costs more than it saves. And a collection waits for those that it
 * has begun with, with all clients of this process; where more threads want a processor than there are, they stand behind (node-helper-threads.ts): what takes 5 ms took 30 to 80 when the ring
 * changed. REQUIRES: nothing is being collected yet, as when a process has just begun: V8 would forget what other threads are at.
 */
export function collectOnOwnThread(): void {
  for (const work of BESIDE) setFlagsFromString(`--no-${work}`);
}
