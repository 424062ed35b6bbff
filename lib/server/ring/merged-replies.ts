/** How the replies of several members become one. Each is a complete reply, as it came. */

import { ReplyScanner, openArray } from '../../protocol/reply-scanner.js';

const MINUS = 0x2d;
const COLON = 0x3a;
export const OK = Buffer.from('+OK\r\n');

export type Merge = (replies: readonly Buffer[]) => Buffer;

/** The first error among them, if there is one. */
function errorIn(replies: readonly Buffer[]): Buffer | undefined {
  return replies.find((reply) => reply[0] === MINUS);
}

/** OK, if all of them are no errors. */
export function allOk(replies: readonly Buffer[]): Buffer {
  return errorIn(replies) ?? OK;
}

/** The first one, if none is an error. */
export function first(replies: readonly Buffer[]): Buffer {
  return errorIn(replies) ?? replies[0];
}

/** The sum of integers. */
export function sum(replies: readonly Buffer[]): Buffer {
  return errorIn(replies) ?? integer(total(replies));
}

/** What was counted once for each of `copies`. */
export function sumOfCopies(copies: number): Merge {
  return (replies) => errorIn(replies) ?? integer(Math.round(total(replies) / copies));
}

/** The items of all arrays, each once. */
export function union(replies: readonly Buffer[]): Buffer {
  const error = errorIn(replies);
  if (error !== undefined) return error;
  const items = new Map<string, Buffer>();
  for (const item of replies.flatMap(itemsOf)) items.set(item.toString('latin1'), item);
  return array([...items.values()]);
}

/** Items of arrays in their places: `places[r][i]` is that of item i of reply r. */
export function inPlaces(places: readonly (readonly number[])[]): Merge {
  return (replies) => {
    const error = errorIn(replies);
    if (error !== undefined) return error;
    const items: Buffer[] = [];
    replies.forEach((reply, r) => {
      itemsOf(reply).forEach((item, i) => (items[places[r][i]] = item));
    });
    return array(items);
  };
}

/** The items of an array. */
export function itemsOf(reply: Buffer): Buffer[] {
  const opened = openArray(reply, 0, reply.length);
  const items: Buffer[] = [];
  if (opened === undefined) return items;
  const scanner = new ReplyScanner();
  let { at } = opened;
  for (let i = 0; i < opened.count; i++) {
    const end = scanner.scan(reply, at, reply.length);
    items.push(reply.subarray(at, end));
    at = end;
  }
  return items;
}

/** The text of a bulk string. */
export function textOf(bulk: Buffer): string {
  return bulk.toString('latin1', bulk.indexOf('\n') + 1, bulk.length - 2);
}

export function bulk(text: string): Buffer {
  return Buffer.from(`$${text.length}\r\n${text}\r\n`, 'latin1');
}

export function array(items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
}

function integer(value: number): Buffer {
  return Buffer.from(`:${value}\r\n`);
}

function total(replies: readonly Buffer[]): number {
  return replies.reduce((sum, reply) => (reply[0] === COLON ? sum + Number(reply.toString('latin1', 1)) : sum), 0);
}
