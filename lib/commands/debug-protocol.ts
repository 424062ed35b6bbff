import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { Call } from './call.js';

/** Big enough for no integer of the protocol. */
const BIG_NUMBER = '1234567999999999999999999999999999999';

/** A reply of each type, by its name: the values are Redis's, for the specs of clients compare them. */
const EXAMPLES: ReadonlyMap<string, (reply: ReplyWriter) => void> = new Map([
  ['string', (reply) => reply.bulkText('Hello World')],
  ['integer', (reply) => reply.integer(12345)],
  ['double', (reply) => reply.double(3.141)],
  ['bignum', (reply) => reply.bigNumber(BIG_NUMBER)],
  ['null', (reply) => reply.nullBulk()],
  ['array', array],
  ['set', set],
  ['map', map],
  ['attrib', attribute],
  ['push', push],
  ['verbatim', (reply) => reply.verbatim('txt', 'This is a verbatim\nstring')],
  ['true', (reply) => reply.boolean(true)],
  ['false', (reply) => reply.boolean(false)],
] satisfies [string, (reply: ReplyWriter) => void][]);

/** DEBUG PROTOCOL type */
export function debugProtocol(call: Call): void {
  const example = EXAMPLES.get(call.args.text(2).toLowerCase());
  if (example !== undefined) example(call.reply);
  else {
    const names = [...EXAMPLES.keys()].join('|');
    call.reply.error(`ERR Wrong protocol type name. Please use one of the following: ${names}`);
  }
}

function array(reply: ReplyWriter): void {
  reply.array(3);
  for (let i = 0; i < 3; i++) reply.integer(i);
}

function set(reply: ReplyWriter): void {
  reply.set(3);
  for (let i = 0; i < 3; i++) reply.integer(i);
}

function map(reply: ReplyWriter): void {
  reply.map(3);
  for (let i = 0; i < 3; i++) {
    reply.integer(i);
    reply.boolean(i === 1);
  }
}

function attribute(reply: ReplyWriter): void {
  if (reply.resp === 3) {
    reply.attribute(1);
    reply.bulkText('key-popularity');
    reply.array(2);
    reply.bulkText('key:123');
    reply.integer(90);
  }
  reply.bulkText('Some real reply following the attribute');
}

function push(reply: ReplyWriter): void {
  if (reply.resp === 2) {
    reply.error('ERR RESP2 is not supported by this command');
    return;
  }
  reply.push(2);
  reply.bulkText('server-cpu-usage');
  reply.integer(42);
  reply.bulkText('Some real reply following the push reply');
}
