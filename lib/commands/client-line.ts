/**
 * A connection as a line of CLIENT LIST:
 *
 *     id=3 addr=127.0.0.1:40122 laddr=127.0.0.1:6379 fd=-1 name= age=0 idle=0 flags=N db=0 ... resp=2 lib-name= lib-ver=
 *
 * The fields are Redis's, which tools read. Sockets are not known by their file descriptors here, and what belongs to features that
 * there are not (yet) has the value that it has in Redis while they are not used.
 */

import type { Args } from '../protocol/args.js';
import { DEFAULT_USER } from './authentication.js';
import type { Call } from './call.js';
import type { Client } from './ports.js';

/** The line of a client, without a line break. */
export function clientLine(client: Client, call: Call): string {
  const nowMs = call.server.wallMs();
  const { subscriptions } = client;
  const isAsking = client === call.client;
  const requestBytes = isAsking ? requestLength(call.args) : 0;
  const queryBytes = client.inputBytes + requestBytes;
  const replyBytes = client.reply.buffer.length;
  const queuedBytes = client.transaction?.bytes ?? 0;
  const outputBytes = isAsking ? 0 : client.outputBytes;
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', client.id],
    ['addr', client.address],
    ['laddr', client.localAddress],
    ['fd', -1],
    ['name', client.name],
    ['age', secondsBetween(client.createdMs, nowMs)],
    ['idle', isAsking ? 0 : secondsBetween(client.lastUsedMs, nowMs)],
    ['flags', flagsOf(client)],
    ['db', client.databaseNumber],
    ['sub', subscriptions?.channel.size ?? 0],
    ['psub', subscriptions?.pattern.size ?? 0],
    ['ssub', subscriptions?.shard.size ?? 0],
    ['multi', client.transaction?.count ?? -1],
    ['qbuf', queryBytes],
    ['qbuf-free', 0],
    ['argv-mem', isAsking ? argumentLength(call.args) : 0],
    ['multi-mem', queuedBytes],
    ['rbs', replyBytes],
    ['rbp', replyBytes],
    ['obl', 0],
    ['oll', 0],
    ['omem', outputBytes],
    ['tot-mem', queryBytes + queuedBytes + replyBytes + outputBytes],
    ['events', 'r'],
    ['cmd', client.lastCommand === '' ? 'NULL' : client.lastCommand],
    ['user', DEFAULT_USER],
    ['redir', -1],
    ['resp', client.reply.resp],
    ['lib-name', client.libraryName],
    ['lib-ver', client.libraryVersion],
    ['watch', client.watchedCount],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** Redis's letters; `T` (CLIENT NO-TOUCH) is 7.2's. */
function flagsOf(client: Client): string {
  let flags = '';
  if (client.isMonitor) flags += 'O';
  if (client.subscriptions !== undefined) flags += 'P';
  if (client.transaction !== undefined) flags += 'x';
  if (client.isBlocked) flags += 'b';
  if (client.isTouched) flags += 'd';
  if (client.address.startsWith('/')) flags += 'U';
  if (client.noEvict) flags += 'e';
  if (client.noTouch) flags += 'T';
  return flags === '' ? 'N' : flags;
}

function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, Math.floor((toMs - fromMs) / 1000));
}

/** Bytes of a request on the wire, as clients write them: an array of bulk strings. */
function requestLength(args: Args): number {
  let bytes = `*${args.count}\r\n`.length;
  for (let i = 0; i < args.count; i++) bytes += `$${args.lengthOf(i)}\r\n\r\n`.length + args.lengthOf(i);
  return bytes;
}

function argumentLength(args: Args): number {
  let bytes = 0;
  for (let i = 0; i < args.count; i++) bytes += args.lengthOf(i);
  return bytes;
}
