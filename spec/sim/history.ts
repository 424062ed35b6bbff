/** What clients saw: for the checkers. */

/** The value of a key that was never written. */
export const NOTHING = '';

/**
 * One read or write of a key. `ok`: answered. `failed`: for sure not done. `unknown`: perhaps done, then or later; `returnedUs`
 * is Infinity. Values of writes are unique, and not NOTHING.
 */
export interface Operation {
  readonly client: string;
  readonly kind: 'read' | 'write';
  readonly key: string;
  /** Of a read that is not `ok`: NOTHING. */
  readonly value: string;
  readonly invokedUs: number;
  readonly returnedUs: number;
  readonly outcome: 'ok' | 'failed' | 'unknown';
}

/** Operations by key, each in the order in which they ended. */
export class History {
  readonly operations: Operation[] = [];

  add(operation: Operation): void {
    this.operations.push(operation);
  }

  byKey(): Map<string, Operation[]> {
    const result = new Map<string, Operation[]>();
    for (const operation of this.operations) {
      const others = result.get(operation.key);
      if (others === undefined) result.set(operation.key, [operation]);
      else others.push(operation);
    }
    return result;
  }
}

/** For a report: "write k=v by c1, 1.000000-1.020000 s, ok". */
export function describe({ kind, key, value, client, invokedUs, returnedUs, outcome }: Operation): string {
  const seconds = (us: number): string => (us === Infinity ? '?' : (us / 1e6).toFixed(6));
  const shown = value === NOTHING ? 'nothing' : value;
  return `${kind} ${key}=${shown} by ${client}, ${seconds(invokedUs)}-${seconds(returnedUs)} s, ${outcome}`;
}
