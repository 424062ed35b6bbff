import { parseArgs } from 'node:util';

import { assert } from '../base/assert.js';
import { CorruptionError, DiskError } from '../base/errors.js';
import type { RingDocument } from '../cluster/ring/ring-document.js';
import { ringVersionText } from '../cluster/ring/ring-version.js';
import { RecoverError, recoverRing } from '../cluster/topology/recover.js';
import { RingStore } from '../cluster/topology/ring-store.js';
import { lockPath } from '../storage/lock-path.js';
import type { ShowRequest } from './ring-show.js';
import { showRing } from './ring-show.js';
import type { ToolPorts } from './tool.js';
import { ExitCode } from './tool.js';

const USAGE =
  'Usage: ringkv ring [host:port] [--password <password>] | ringkv ring recover --survivors <member id>,... --dir <dir>';
interface RecoverRequest {
  readonly directory: string;
  readonly survivors: readonly string[];
}

const DEFAULT_NODE = '127.0.0.1:6379';

/**
 * `ringkv ring [host:port] [--password <password>]`: shows the ring that a node is in (ring-show.ts).
 *
 * `ringkv ring recover --survivors <member id>,... --dir <dir>`: writes a ring of the survivors, of a new generation (cluster/topology/recover.ts),
 * to the directory of one of them, which no server has open.
 */
export function runRing(args: readonly string[], ports: ToolPorts): ExitCode | Promise<ExitCode> {
  const show = parseShow(args);
  if (show !== undefined) return showRing(show, ports);
  const request = parseRecover(args);
  if (request !== undefined) return runRecover(request, ports);
  ports.complain(USAGE);
  return ExitCode.REFUSED;
}

async function runRecover({ directory, survivors }: RecoverRequest, ports: ToolPorts): Promise<ExitCode> {
  const holder = ports.disk.lockHolder(lockPath(directory));
  if (holder !== undefined) {
    ports.complain(`${directory} is in use by ${holder}: stop it first`);
    return ExitCode.REFUSED;
  }
  try {
    return await recover(directory, survivors, ports);
  } catch (error) {
    if (!(error instanceof DiskError) && !(error instanceof CorruptionError) && !(error instanceof RecoverError))
      throw error;
    ports.complain(error.message);
    return error instanceof RecoverError ? ExitCode.REFUSED : ExitCode.FAILED;
  }
}

function parseShow(args: readonly string[]): ShowRequest | undefined {
  const options = { password: { type: 'string', default: '' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const match = /^(.+):(\d{1,5})$/.exec(positionals[0] ?? DEFAULT_NODE);
    if (match === null || positionals.length > 1) return undefined;
    return { host: match[1].replace(/^\[(.*)\]$/, '$1'), port: Number(match[2]), password: values.password };
  } catch {
    return undefined;
  }
}

function parseRecover(args: readonly string[]): RecoverRequest | undefined {
  const options = { survivors: { type: 'string' }, dir: { type: 'string' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (positionals.join(' ') !== 'recover' || values.survivors === undefined || values.dir === undefined)
      return undefined;
    return { directory: values.dir, survivors: values.survivors.split(',') };
  } catch {
    return undefined;
  }
}

async function recover(directory: string, survivors: readonly string[], { disk, print }: ToolPorts): Promise<ExitCode> {
  const store = RingStore.openExisting(disk, directory);
  const ring = store?.ring;
  if (store === undefined || ring === undefined) {
    throw new RecoverError(`${directory} has no ring: it is no data directory of a member`);
  }
  const recovered = recoverRing(ring, survivors);
  if (!survivors.includes(store.nodeId)) {
    throw new RecoverError(`${store.nodeId}, whose directory this is, is not among the survivors`);
  }
  disk.lock(lockPath(directory));
  const isKept = await store.saveRing(recovered);
  assert(isKept, 'a ring that was recovered is newer than the one before');
  for (const line of summaryOf(ring, recovered)) print(line);
  return ExitCode.OK;
}

function summaryOf(old: RingDocument, { members, ...recovered }: RingDocument): string[] {
  return [
    `was ${ringVersionText(old)} with ${old.members.length} members, is ${ringVersionText(recovered)} with ${members.length}:`,
    ...members.map(({ id, zone, address }) => `  ${id} ${address.host}:${address.port} ${zone}`.trimEnd()),
    'Start this node first, then the other survivors: they learn the new ring from it.',
    'Do not run this in the directory of another survivor. Members that were left out must not be started again with their data directories.',
  ];
}
