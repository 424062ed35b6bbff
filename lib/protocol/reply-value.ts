import { INCOMPLETE, ReplyScanner } from './reply-scanner.js';

/** A reply of RESP2, read into values: bulk strings and statuses are strings in latin1. */
export type ReplyValue = string | number | null | ReplyError | readonly ReplyValue[];

/** An error that was answered. */
export class ReplyError extends Error {}

/** The replies of `bytes`, and where the first begins that is not complete; undefined: it is no RESP2. */
export function readReplies(bytes: Buffer): { readonly values: ReplyValue[]; readonly end: number } | undefined {
  const scanner = new ReplyScanner();
  const values: ReplyValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = scanner.scan(bytes, at, bytes.length);
    if (end === INCOMPLETE) break;
    const reader = end < 0 ? undefined : new Reader(bytes, at);
    const value = reader?.read();
    if (value === undefined) return undefined;
    values.push(value);
    at = end;
  }
  return { values, end: at };
}

/** Reads a reply that is complete. */
class Reader {
  private readonly bytes: Buffer;
  private at: number;

  constructor(bytes: Buffer, start: number) {
    this.bytes = bytes;
    this.at = start;
  }

  /** Undefined for what RESP2 has not. */
  read(): ReplyValue | undefined {
    const line = this.line();
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return rest;
      case '-':
        return new ReplyError(rest);
      case ':':
        return Number(rest);
      case '$':
        return this.bulk(Number(rest));
      case '*':
        return this.array(Number(rest));
      default:
        return undefined;
    }
  }

  private line(): string {
    const end = this.bytes.indexOf('\r\n', this.at, 'latin1');
    const line = this.bytes.toString('latin1', this.at, end);
    this.at = end + 2;
    return line;
  }

  private bulk(length: number): string | null {
    if (length < 0) return null;
    const text = this.bytes.toString('latin1', this.at, this.at + length);
    this.at += length + 2;
    return text;
  }

  private array(count: number): ReplyValue[] | null | undefined {
    if (count < 0) return null;
    const items: ReplyValue[] = [];
    for (let i = 0; i < count; i++) {
      const item = this.read();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}
