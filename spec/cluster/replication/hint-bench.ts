import { Hints } from '../../../lib/cluster/replication/hints.js';
import type { Payload } from '../../../lib/cluster/bus/payload.js';
import { HINT_HEAD_BYTES } from '../../../lib/cluster/replication/hint-messages.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';

export const MEMBER = 'a'.repeat(40);
export const OTHER = 'b'.repeat(40);
const START_MS = 1_700_000_000_000;

/** A hint that says which it is, with so many bytes more. */
export function hint(number: number, bytes = 0): Buffer {
  return Buffer.from(`hint ${number} ${'x'.repeat(bytes)}`);
}

function numberOf(batch: Buffer): number {
  return Number(/^hint (\d+) /.exec(batch.toString('latin1'))?.[1]);
}

export interface SentHint {
  readonly member: string;
  readonly id: number;
  readonly number: number;
}

/** The hints that a node keeps, with time, disk and links in the hands of the spec. */
export class HintBench {
  nowMs: number;
  bytesMax = 1024 ** 3;
  windowSeconds = 3600;
  readonly up = new Set<string>();
  readonly sent: SentHint[] = [];
  /** What was kept for members that are gone, and whether others have it then. */
  readonly passedOn: number[] = [];
  keepsWhatIsPassedOn = true;
  /** Whether the links take anything. */
  takes = true;
  readonly warnings: string[] = [];
  readonly disk: MemoryDisk;
  /** For these nothing is kept. */
  readonly leftOut = new Set<string>();
  readonly hints: Hints;

  constructor(disk = new MemoryDisk(), nowMs = 0) {
    this.disk = disk;
    this.nowMs = nowMs;
    disk.makeDirectory('/data');
    disk.syncDirectory('/');
    this.hints = new Hints({
      disk,
      random: new SeededRandom(disk.stepCount + nowMs + 1),
      clock: {
        wallMs: () => START_MS + this.nowMs,
        wallUs: () => (START_MS + this.nowMs) * 1000,
        monotonicUs: () => this.nowMs * 1000,
        threadCpuUs: () => 0,
      },
      links: {
        isUp: (member) => this.up.has(member),
        send: (member, _kind, payload) => this.send(member, payload),
      },
      passOn: (batch, settle) => {
        this.passedOn.push(numberOf(batch));
        void Promise.resolve().then(() => {
          settle(this.keepsWhatIsPassedOn);
        });
      },
      directory: '/data',
      whyNotKeep: (member) => (this.leftOut.has(member) ? 'it is left out' : undefined),
      bytesMax: () => this.bytesMax,
      windowSeconds: () => this.windowSeconds,
      warn: (line) => this.warnings.push(line),
      onWork: () => undefined,
    });
  }

  /** Which hints were sent since the last look. */
  takeSent(): number[] {
    return this.sent.splice(0).map(({ number }) => number);
  }

  /** Acknowledges everything that is sent, until nothing more comes. Returns which hints that were. */
  deliverAll(member = MEMBER): number[] {
    const numbers: number[] = [];
    this.up.add(member);
    for (let rest = 0; rest < 3; rest++) {
      this.nowMs += 100;
      this.hints.tick();
      for (let one = this.sent.shift(); one !== undefined; one = this.sent.shift()) {
        rest = 0;
        numbers.push(one.number);
        this.hints.acknowledged(member, one.id);
        this.hints.replay(member);
      }
    }
    this.up.delete(member);
    return numbers;
  }

  private send(member: string, payload: Payload): boolean {
    if (!this.takes) return false;
    const bytes = Buffer.alloc(payload.byteLength);
    payload.writeTo(bytes, 0);
    this.sent.push({ member, id: bytes.readUInt32LE(0), number: numberOf(bytes.subarray(HINT_HEAD_BYTES)) });
    return true;
  }
}

/** Lets syncs of the disk end. */
export async function flushMicrotasks(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}
