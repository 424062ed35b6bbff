/**
 * A lock that a process holds until it ends, made of a file, because Node has no flock(2). The file names its holder:
 *
 *   lock = pid " " start " " boot "\n"
 *
 * where `start` is the time at which the process started (so that another process under the same number is told apart)
 * and `boot` names the run of the machine. Both come from /proc; elsewhere they are "-", and the pid alone decides.
 * The lock is held while that process lives. Its file stays behind and is taken over by the next.
 *
 *   - The file appears with its content in one step (a link to a finished file), so no one reads half of it.
 *   - Taking over happens under a second lock of the same kind, `<path>.takeover`: only its holder may replace a dead
 *     process's file, and looks again before. A takeover that died halfway is itself taken over, the same way.
 *
 * It guards against a second process on the same machine and in the same process namespace. It does not guard a
 * directory that several machines or containers share.
 */

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

import { DiskError } from '../base/errors.js';
import { diskError } from './node-disk-error.js';

/** Takes the lock. One that this process holds already is taken again. Throws DiskError, ELOCKED if another has it. */
export function takeLock(path: string): void {
  const own = describe(process.pid);
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, own);
    acquire(path, draft, own);
  } catch (error) {
    throw diskError(path, 'lock', error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The process that holds the lock, in words; undefined if none does. */
export function lockHolder(path: string): string | undefined {
  const holder = readIfThere(path);
  return holder !== undefined && isAlive(holder) ? nameOf(holder) : undefined;
}

function acquire(path: string, draft: string, own: string): void {
  let holder: string | undefined;
  do {
    if (linkedTo(path, draft)) return;
    holder = readIfThere(path);
  } while (holder === undefined);
  if (holder === own) return;
  if (isAlive(holder)) throw new DiskError('ELOCKED', path, `locked by ${nameOf(holder)}`);
  takeOver(path, holder, draft, own);
}

function takeOver(path: string, dead: string, draft: string, own: string): void {
  const guard = `${path}.takeover`;
  const copy = `${draft}.new`;
  acquire(guard, draft, own);
  try {
    if (readIfThere(path) !== dead) throw new DiskError('ELOCKED', path, 'locked by another process just now');
    writeFileSync(copy, own);
    renameSync(copy, path);
  } finally {
    rmSync(copy, { force: true });
    rmSync(guard, { force: true });
  }
}

/** Gives `draft` the second name `path`; false if there is a file of that name. */
function linkedTo(path: string, draft: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function nameOf(holder: string): string {
  return `the process ${holder.split(' ')[0]}`;
}

function isAlive(holder: string): boolean {
  const pid = Number(holder.split(' ')[0]);
  return Number.isSafeInteger(pid) && pid > 0 && runs(pid) && describe(pid) === holder;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function describe(pid: number): string {
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? '-';
  return `${pid} ${startOf(pid)} ${boot}\n`;
}

/** When the process started, in the system's ticks; "-" without /proc, or when it has ended and waits to be reaped. */
function startOf(pid: number): string {
  const stat = readIfThere(`/proc/${pid}/stat`) ?? '';
  // The second field, the command in brackets, may hold anything: the third begins after the last bracket.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? '-' : (fields[18] ?? '-');
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    // ESRCH: a process that ended while its file in /proc was read.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
