import type { QueuedCommands } from '../commands/ports.js';
import type { Listing } from '../data/listing.js';
import type { Args } from '../protocol/args.js';
import type { CommandEntry } from './command-table.js';
import { mayWrite } from './pause.js';
import { NO_SLOT } from './ring/ring-client.js';

/** What a queued command takes beside the bytes of its arguments, about. */
const COMMAND_BYTES = 512;

export interface QueuedCommand {
  readonly entry: CommandEntry;
  /** Its own. */
  readonly args: Args;
  /** What it needs of the disk beside its keys, once EXEC has asked for it. */
  listing: Listing | undefined;
}

/** What a client has queued since MULTI. */
export class Transaction implements QueuedCommands {
  readonly queued: QueuedCommand[] = [];
  bytes = 0;
  hasFailed = false;
  /** Whether any of the commands writes, or needs memory. */
  isWrite = false;
  needsMemory = false;
  /** What is on disk was loaded as far as it is known. */
  hasLoaded = false;
  /** In a ring: the slot of all keys. */
  slot = NO_SLOT;

  get count(): number {
    return this.queued.length;
  }

  /** Adds a command, with a copy of its arguments. */
  add(entry: CommandEntry, borrowed: Args): void {
    const args = borrowed.clone();
    this.queued.push({ entry, args, listing: undefined });
    this.bytes += args.buffer.length + COMMAND_BYTES;
    this.isWrite ||= entry.isWrite || mayWrite(entry, args);
    this.needsMemory ||= entry.needsMemory;
  }

  /** Lets go of what it holds of the disk. */
  close(): void {
    for (const queued of this.queued) {
      queued.listing?.close();
      queued.listing = undefined;
    }
  }
}
