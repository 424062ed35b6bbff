import { AcceptorLog, acceptorMark, consensusDirectory } from '../cluster/consensus/acceptor-log.js';
import type { Disk } from '../host/ports.js';
import type { Findings } from './findings.js';

/** Nothing is written: nothing is drawn. */
const NO_RANDOM = { uint32: (): number => 0, fill: (): void => undefined };

/** Checks what was promised and accepted about keys that are compared and set: that every state can be read. */
export function checkConsensus(disk: Disk, directory: string, findings: Findings): void {
  const name = 'consensus';
  const mark = acceptorMark(directory);
  if (disk.list(consensusDirectory(directory)).length === 0 && !disk.exists(mark)) return;
  findings.attempt(name, () => {
    const log = new AcceptorLog({
      disk,
      random: NO_RANDOM,
      directory: consensusDirectory(directory),
      mark,
      onFailed: () => undefined,
      onSynced: () => undefined,
    });
    log.survey();
    findings.ok(name, `what was promised about ${log.size} keys`);
  });
}
