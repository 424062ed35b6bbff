/**
 * What was written to a ring and what it has answered; and whether what is read agrees with it.
 *
 * Three kinds of keys: registers, each written by one request at a time, with rising values; counters, where no two may be told the same number;
 * sets, which only grow. A write without an answer may have happened, or happen later.
 */

const REGISTERS = 1000;
const COUNTERS = 64;
const SETS = 128;

/** A request, and what is to be done with its answer. */
export interface Operation {
  readonly kind: 'read' | 'write';
  readonly words: readonly string[];
  onReply(reply: unknown): void;
  onUnknown(): void;
}

interface Register {
  readonly key: string;
  acknowledged: number;
  isBeingWritten: boolean;
  readonly unknown: Set<number>;
}

interface Counter {
  readonly key: string;
  sent: number;
  readonly told: Set<number>;
}

export class History {
  /** All that must not be, in words. */
  readonly problems: string[] = [];
  acknowledgedCount = 0;
  readonly #random: () => number;
  readonly #registers = keysOf('register', REGISTERS).map((key): Register => ({
    key,
    acknowledged: 0,
    isBeingWritten: false,
    unknown: new Set(),
  }));
  readonly #counters = keysOf('counter', COUNTERS).map((key): Counter => ({ key, sent: 0, told: new Set() }));
  readonly #sets = keysOf('set', SETS).map((key) => ({ key, added: new Set<string>() }));
  #last = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next request: 9 of 20 read. `isSentOnce`: who sends it does not send it again by himself, so it may be one that counts. */
  next(isSentOnce: boolean): Operation {
    const share = this.#random();
    if (share < 0.45) return this.#read();
    if (share < 0.75) return this.#write();
    return share < 0.9 || !isSentOnce ? this.#add() : this.#increment();
  }

  /** Reads everything, and compares. */
  async check(read: (words: readonly string[]) => Promise<unknown>): Promise<void> {
    await Promise.all([
      ...this.#registers.map(async (register) => {
        this.#judge(register, register.acknowledged, await read(['GET', register.key]));
      }),
      ...this.#counters.map(async ({ key, sent, told }) => {
        const found = Number(await read(['GET', key]));
        const least = Math.max(0, told.size, ...told);
        if (found < least || found > sent) this.problems.push(`${key} is ${found}, not ${least} to ${sent}`);
      }),
      ...this.#sets.map(async ({ key, added }) => {
        const found = new Set((await read(['SMEMBERS', key])) as string[]);
        const missing = [...added].filter((member) => !found.has(member));
        if (missing.length > 0) this.problems.push(`${key} has lost ${missing.length} of ${added.size} members`);
      }),
    ]);
  }

  #read(): Operation {
    const register = this.#draw(this.#registers);
    const { acknowledged } = register;
    return {
      kind: 'read',
      words: ['GET', register.key],
      onReply: (reply) => {
        this.#judge(register, acknowledged, reply);
      },
      onUnknown: () => undefined,
    };
  }

  #write(): Operation {
    const register = this.#draw(this.#registers);
    if (register.isBeingWritten) return this.#read();
    const value = ++this.#last;
    register.isBeingWritten = true;
    return {
      kind: 'write',
      words: ['SET', register.key, String(value)],
      onReply: () => {
        register.isBeingWritten = false;
        register.acknowledged = value;
        this.acknowledgedCount++;
      },
      onUnknown: () => {
        register.isBeingWritten = false;
        register.unknown.add(value);
      },
    };
  }

  #add(): Operation {
    const { key, added } = this.#draw(this.#sets);
    const member = String(++this.#last);
    return {
      kind: 'write',
      words: ['SADD', key, member],
      onReply: () => {
        added.add(member);
        this.acknowledgedCount++;
      },
      onUnknown: () => undefined,
    };
  }

  #increment(): Operation {
    const counter = this.#draw(this.#counters);
    counter.sent++;
    return {
      kind: 'write',
      words: ['INCR', counter.key],
      onReply: (reply) => {
        const number = Number(reply);
        if (counter.told.has(number)) this.problems.push(`${counter.key}: two were told ${number}`);
        counter.told.add(number);
        this.acknowledgedCount++;
      },
      onUnknown: () => undefined,
    };
  }

  /** `least`: what was acknowledged before the read was sent. */
  #judge({ key, unknown }: Register, least: number, reply: unknown): void {
    const found = Number(reply ?? 0);
    if (found < least && !unknown.has(found))
      this.problems.push(`${key} is ${found}, though ${least} was acknowledged`);
  }

  #draw<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)];
  }
}

function keysOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}:${i}`);
}
