import type { Keyspace } from '../data/keyspace.js';
import type { ProcessProbe } from '../host/ports.js';

/** What the data and its upkeep take, in bytes: what maxmemory is compared with. */
export class Memory {
  peakBytes = 0;
  private readonly keyspace: Keyspace;
  private readonly process: ProcessProbe;
  private readonly bufferBytes: () => number;
  private readonly storeBytes: () => number;
  /** All but the data, as last sampled. */
  private overheadBytes = 0;

  constructor(keyspace: Keyspace, process: ProcessProbe, bufferBytes: () => number, storeBytes: () => number) {
    this.keyspace = keyspace;
    this.process = process;
    this.bufferBytes = bufferBytes;
    this.storeBytes = storeBytes;
    this.sample();
  }

  /** The data is exact; heap and buffers as of the last sample. */
  get usedBytes(): number {
    return this.keyspace.usedBytes + this.overheadBytes;
  }

  /** Called about ten times a second. */
  sample(): void {
    this.overheadBytes = this.process.heapBytes() + this.bufferBytes() + this.storeBytes();
    if (this.usedBytes > this.peakBytes) this.peakBytes = this.usedBytes;
  }

  resetPeak(): void {
    this.peakBytes = this.usedBytes;
  }
}
