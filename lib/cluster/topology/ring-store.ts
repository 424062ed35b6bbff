/**
 * What a node must not forget of the cluster: who it is, the newest ring that it knows, and what it has promised as a voter.
 *
 *     <dir>/cluster/topology        one checked file (checked-file.ts), replaced as a whole, whose line is JSON
 *
 *  1. Written before anything that it says is told to others: an id, a ring, a promise.
 *  2. A change takes effect in memory when it is durable, and not before: as long as it is being written, off the main thread, this node says and does what it did before, as if it
 *     had been asked a moment later. Changes are written one after the other, each made of what is durable when its turn comes: so no vote is given upon a promise that was not kept
 *     yet, none about an epoch that is past by then, and of two rings the older one never comes last.
 *     After a failed write it is not known what is on the disk: the old state or the new one, and both are true of what others were told. The next change begins with the
 *     old one, in a file of its own, and takes the place of either.
 *  3. A ring only ever gives way to a newer one, of the same cluster. What was promised about older epochs is forgotten then.
 *  4. A file that is damaged stops the start. A node that went on without it could break a promise: it would have to come
 *     back as a new one.
 */

import { join } from 'node:path';

import { CorruptionError } from '../../base/errors.js';
import type { Check } from '../../base/json-shape.js';
import { ShapeError, integer, object, text } from '../../base/json-shape.js';
import type { Disk, Random } from '../../host/ports.js';
import type { MemberId } from '../ring/member.js';
import { MEMBER_ID_BYTES, checkMemberId } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import { checkRing } from '../ring/ring-document.js';
import type { RingVersion } from '../ring/ring-version.js';
import { compareRingVersions } from '../ring/ring-version.js';
import { readCheckedFile, writeCheckedFile, writeCheckedFileLater } from './checked-file.js';
import type { AcceptedValue, AcceptorState, Ballot, PaxosAnswer, PaxosRequest } from './paxos.js';
import { FRESH_ACCEPTOR, accept } from './paxos.js';

/** What a voter has promised and accepted about one epoch. */
interface Vote extends AcceptorState {
  readonly generation: number;
  readonly epoch: number;
}

interface State {
  readonly nodeId: MemberId;
  /** The highest round of a ballot that this node has used about any epoch. */
  readonly round: number;
  readonly ring: RingDocument | undefined;
  readonly vote: Vote | undefined;
}

const TITLE = 'topology';
const ADVICE =
  'restore the file from a copy that is not older than the last change of the ring, or empty the data directory, so that the node joins as a new one';

const whole = integer(0, Number.MAX_SAFE_INTEGER);
export const checkBallot: Check<Ballot> = object<Ballot>({ round: whole, proposer: checkMemberId });
export const checkAccepted: Check<AcceptedValue> = object<AcceptedValue>({ ballot: checkBallot, value: text });
const checkVote = object<RingVersion, Pick<Vote, 'promised' | 'accepted'>>(
  { generation: whole, epoch: whole },
  { promised: checkBallot, accepted: checkAccepted },
);
const checkState = object<Pick<State, 'nodeId' | 'round'>, { ring: RingDocument; vote: Vote }>(
  { nodeId: checkMemberId, round: whole },
  {
    ring: (value) => checkRing(value),
    vote: (value, place) => {
      const { generation, epoch, promised, accepted } = checkVote(value, place);
      return { generation, epoch, promised, accepted };
    },
  },
);

/** The next epoch, which is decided about. Epoch 1 follows when there is no ring. */
export function nextVersion(ring: RingVersion | undefined): RingVersion {
  return ring === undefined ? { generation: 1, epoch: 1 } : { generation: ring.generation, epoch: ring.epoch + 1 };
}

export class RingStore {
  private readonly disk: Disk;
  private readonly path: string;
  private state: State;
  /** Ends when all changes so far are durable, or have failed. */
  private lastChange: Promise<unknown> = Promise.resolve();

  private constructor(disk: Disk, path: string, state: State) {
    this.disk = disk;
    this.path = path;
    this.state = state;
  }

  static pathIn(directory: string): string {
    return join(directory, 'cluster', 'topology');
  }

  /** Reads what a data directory has; a node without anything draws an id. Throws DiskError and CorruptionError. */
  static open(disk: Disk, random: Random, directory: string): RingStore {
    const path = RingStore.pathIn(directory);
    const state = readState(disk, path);
    if (state !== undefined) return new RingStore(disk, path, state);
    const id = Buffer.alloc(MEMBER_ID_BYTES);
    random.fill(id);
    const store = new RingStore(disk, path, { nodeId: id.toString('hex'), round: 0, ring: undefined, vote: undefined });
    disk.makeDirectory(join(directory, 'cluster'));
    disk.syncDirectory(directory);
    writeCheckedFile(disk, path, TITLE, JSON.stringify(store.state));
    return store;
  }

  /** The same, for a directory that has something; undefined if it has nothing. */
  static openExisting(disk: Disk, directory: string): RingStore | undefined {
    const path = RingStore.pathIn(directory);
    const state = readState(disk, path);
    return state && new RingStore(disk, path, state);
  }

  get nodeId(): MemberId {
    return this.state.nodeId;
  }

  get ring(): RingDocument | undefined {
    return this.state.ring;
  }

  /** What this node has promised and accepted about the next epoch. */
  get acceptor(): AcceptorState {
    return acceptorOf(this.state);
  }

  /** What this node answers as a voter about the epoch `version`; undefined if that is not the next one any more. Rejects with DiskError: then it is not known what was kept, and nothing is to be answered. */
  vote(version: RingVersion, request: PaxosRequest): Promise<PaxosAnswer | undefined> {
    return this.change((state) => {
      if (compareRingVersions(version, nextVersion(state.ring)) !== 0) return { state, result: undefined };
      const before = acceptorOf(state);
      const { state: after, answer } = accept(before, request);
      if (after === before) return { state, result: answer };
      const { promised, accepted } = after;
      const { generation, epoch } = version;
      return { state: { ...state, vote: { generation, epoch, promised, accepted } }, result: answer };
    });
  }

  /** A round for a ballot, above `above`, that this node has never used. Rejects with DiskError. */
  takeRound(above: number): Promise<number> {
    return this.change((state) => {
      const round = Math.max(state.round, above) + 1;
      return { state: { ...state, round }, result: round };
    });
  }

  /** Resolves to whether the ring was kept: it is newer than the one that was there until then, and of the same cluster. Rejects with DiskError. */
  saveRing(ring: RingDocument): Promise<boolean> {
    return this.change((state) => {
      const { ring: before } = state;
      const isNewer =
        before === undefined || (before.clusterId === ring.clusterId && compareRingVersions(ring, before) > 0);
      return { state: isNewer ? { ...state, ring, vote: undefined } : state, result: isNewer };
    });
  }

  /** What `make` makes of the state that is durable when its turn comes takes effect when it is durable. The same object: nothing has changed. */
  private change<T>(make: (state: State) => { readonly state: State; readonly result: T }): Promise<T> {
    const done = this.lastChange.then(async () => {
      const { state, result } = make(this.state);
      if (state === this.state) return result;
      await writeCheckedFileLater(this.disk, this.path, TITLE, JSON.stringify(state));
      this.state = state;
      return result;
    });
    this.lastChange = done.catch(() => undefined);
    return done;
  }
}

function acceptorOf({ ring, vote }: State): AcceptorState {
  return vote !== undefined && compareRingVersions(vote, nextVersion(ring)) === 0 ? vote : FRESH_ACCEPTOR;
}

function readState(disk: Disk, path: string): State | undefined {
  const line = readCheckedFile(disk, path, TITLE, ADVICE);
  if (line === undefined) return undefined;
  try {
    const { nodeId, round, ring, vote } = checkState(JSON.parse(line), 'topology');
    return { nodeId, round, ring, vote };
  } catch (error) {
    if (!(error instanceof ShapeError) && !(error instanceof SyntaxError)) throw error;
    throw new CorruptionError(path, 0, `${error.message}; ${ADVICE}`, { cause: error });
  }
}
