/** What clients do with machines, and what becomes of it there, for whoever wants to strike at the worst moment. */

import type { Machine } from './machine.js';

/** `asked`: a machine was sent a request that changes something. `answered`: the reply to such a one has come. `logged`: the log of a machine is durable. */
export type Moment = 'asked' | 'answered' | 'logged';

type Listener = (machine: Machine) => void;

/** Commands of clients that change nothing. */
const READS: readonly string[] = ['GET', 'MGET', 'LRANGE', 'WATCH', 'MULTI', 'CONFIG'];

export class Activity {
  private readonly listeners: Record<Moment, Listener[]> = { asked: [], answered: [], logged: [] };

  /** `listener` is called once, the next time. */
  next(moment: Moment, listener: Listener): void {
    this.listeners[moment].push(listener);
  }

  note(moment: Moment, machine: Machine): void {
    const listeners = this.listeners[moment];
    this.listeners[moment] = [];
    for (const listener of listeners) listener(machine);
  }

  /** The same, of a command, if it changes something. */
  noteCommand(moment: Moment, command: string, machine: Machine): void {
    if (!READS.includes(command)) this.note(moment, machine);
  }
}
