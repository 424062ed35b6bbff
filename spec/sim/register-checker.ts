/**
 * Is it true of a key that is only read, and written blindly with unique values, what QUORUM promises (design, section 6.1)?
 *
 * 1. A read gives what was written by a write that had begun, and did not fail.
 * 2. A read gives what was acknowledged before it began, or something newer; and reads never go back in time.
 *
 * What is known of "newer": a write's stamp may still rise while the write is under way (it is restamped), and is final once the write
 * is acknowledged. So let a value be *final* from the return of its write on. Whatever is read or acknowledged by an operation
 * that began then has a higher stamp, or is the value itself. Two rules follow, and every report of them is a true one:
 *
 *   gone       v final ... [an operation on another value, ok] ... [a read of v]            time ─▶
 *   crossed    v final ... [an operation on w]      and      w final ... [an operation on v]
 *
 * A write of unknown outcome is never final: it may appear at any time. NOTHING is final from the beginning.
 */

import type { Operation } from './history.js';
import { NOTHING, describe } from './history.js';

/** All that is known of one value of the key. */
interface ValueFacts {
  readonly value: string;
  readonly finalUs: number;
  /** The operation on it that began last. */
  latest: Operation | undefined;
}

/** What is wrong with the operations of one key, in words; empty if nothing is. */
export function checkRegister(operations: readonly Operation[]): string[] {
  const facts = gatherFacts(operations);
  return [...checkOrigins(operations), ...checkGone(operations, facts), ...checkCrossed(facts)];
}

function isGood(operation: Operation): boolean {
  return operation.outcome === 'ok';
}

function gatherFacts(operations: readonly Operation[]): Map<string, ValueFacts> {
  const facts = new Map<string, ValueFacts>([
    [NOTHING, { value: NOTHING, finalUs: Number.NEGATIVE_INFINITY, latest: undefined }],
  ]);
  for (const { kind, value, outcome, returnedUs } of operations) {
    if (kind !== 'write' || outcome === 'failed') continue;
    if (facts.has(value)) throw new Error(`a history with two writes of ${value}`);
    facts.set(value, { value, finalUs: outcome === 'ok' ? returnedUs : Infinity, latest: undefined });
  }
  for (const operation of operations) {
    const own = facts.get(operation.value);
    if (own === undefined || (operation.kind === 'read' && !isGood(operation))) continue;
    if (own.latest === undefined || operation.invokedUs > own.latest.invokedUs) own.latest = operation;
  }
  return facts;
}

/** Rule 1. */
function checkOrigins(operations: readonly Operation[]): string[] {
  const begun = new Map(
    operations.filter((each) => each.kind === 'write').map((write) => [write.value, write] as const),
  );
  const problems = [];
  for (const read of operations) {
    if (read.kind !== 'read' || !isGood(read) || read.value === NOTHING) continue;
    const write = begun.get(read.value);
    if (write === undefined) problems.push(`${describe(read)}: nobody wrote that`);
    else if (write.outcome === 'failed') problems.push(`${describe(read)}: this had failed: ${describe(write)}`);
    else if (write.invokedUs > read.returnedUs)
      problems.push(`${describe(read)}: before it was written: ${describe(write)}`);
  }
  return problems;
}

/** The first half of rule 2: a read of a value that something newer had been seen after. */
function checkGone(operations: readonly Operation[], facts: Map<string, ValueFacts>): string[] {
  const problems = [];
  for (const { value, finalUs, latest } of facts.values()) {
    if (latest?.kind !== 'read') continue;
    let newer: Operation | undefined;
    for (const operation of operations) {
      if (!isGood(operation) || operation.value === value || operation.invokedUs <= finalUs) continue;
      if (newer === undefined || operation.returnedUs < newer.returnedUs) newer = operation;
    }
    if (newer !== undefined && newer.returnedUs < latest.invokedUs) {
      problems.push(`${describe(latest)}: went back behind ${describe(newer)}`);
    }
  }
  return problems;
}

/** The other half: each of two values is newer than the other. */
function checkCrossed(facts: Map<string, ValueFacts>): string[] {
  const problems = [];
  const finals = [...facts.values()].filter(({ finalUs }) => finalUs < Infinity);
  for (const [index, one] of finals.entries()) {
    for (const other of finals.slice(index + 1)) {
      if (one.latest === undefined || other.latest === undefined) continue;
      if (one.finalUs < other.latest.invokedUs && other.finalUs < one.latest.invokedUs) {
        problems.push(`${describe(one.latest)} and ${describe(other.latest)}: each is newer than the other`);
      }
    }
  }
  return problems;
}
