/** CLIENT KILL: closes the connections that meet all conditions. */

import { DEFAULT_USER } from './authentication.js';
import type { Call } from './call.js';
import type { ClientType } from './client-type.js';
import { clientType, typeOf } from './client-type.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument } from './integer-argument.js';
import type { Client } from './ports.js';

const ID_TOO_SMALL = 'ERR client-id should be greater than 0';

/** What a connection has to be; `undefined` leaves it open. */
class KillFilter {
  id: number | undefined;
  type: ClientType | undefined;
  address: string | undefined;
  localAddress: string | undefined;
  /** Whether the connection that asks is spared. */
  skipsMe = true;

  accepts(client: Client, me: Client): boolean {
    if (this.id !== undefined && client.id !== this.id) return false;
    if (this.type !== undefined && this.type !== typeOf(client)) return false;
    if (this.address !== undefined && client.address !== this.address) return false;
    if (this.localAddress !== undefined && client.localAddress !== this.localAddress) return false;
    return !(this.skipsMe && client === me);
  }
}

/** CLIENT KILL address | CLIENT KILL option value [option value ...] */
export function clientKill(call: Call): void {
  const { args, reply } = call;
  if (args.count === 3) {
    const filter = new KillFilter();
    filter.address = args.text(2);
    filter.skipsMe = false;
    if (countMatches(call, filter) === 0) reply.error('ERR No such client');
    else {
      reply.ok();
      killMatches(call, filter);
    }
    return;
  }
  const filter = parseFilter(call);
  if (filter === undefined) return;
  reply.integer(countMatches(call, filter));
  killMatches(call, filter);
}

/** The options; undefined after an error reply. */
function parseFilter(call: Call): KillFilter | undefined {
  const { args, reply } = call;
  const filter = new KillFilter();
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 === args.count || !knownOptions.some((name) => args.is(i, name))) {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
    if (!parseOption(call, filter, i)) return undefined;
  }
  return filter;
}

const knownOptions = ['id', 'type', 'addr', 'laddr', 'user', 'skipme'];

/** One of them, its name in argument i; false after an error reply. */
function parseOption(call: Call, filter: KillFilter, i: number): boolean {
  const { args, reply } = call;
  if (args.is(i, 'id')) {
    filter.id = integerArgument(call, i + 1, ID_TOO_SMALL);
    if (Number.isNaN(filter.id)) return false;
    if (filter.id > 0) return true;
    reply.error(ID_TOO_SMALL);
    return false;
  }
  if (args.is(i, 'type')) {
    filter.type = clientType(call, i + 1);
    return filter.type !== undefined;
  }
  if (args.is(i, 'addr')) filter.address = args.text(i + 1);
  else if (args.is(i, 'laddr')) filter.localAddress = args.text(i + 1);
  else if (args.is(i, 'user')) {
    const user = args.text(i + 1);
    if (user === DEFAULT_USER) return true;
    reply.error(`ERR No such user '${user}'`);
    return false;
  } else if (args.is(i + 1, 'yes') || args.is(i + 1, 'no')) filter.skipsMe = args.is(i + 1, 'yes');
  else {
    reply.error(SYNTAX_ERROR);
    return false;
  }
  return true;
}

function countMatches(call: Call, filter: KillFilter): number {
  let count = 0;
  for (const client of call.server.clients()) if (filter.accepts(client, call.client)) count++;
  return count;
}

/** Who asks hears the answer first. */
function killMatches(call: Call, filter: KillFilter): void {
  for (const client of [...call.server.clients()]) {
    if (!filter.accepts(client, call.client)) continue;
    if (client === call.client) client.closeAfterReplies();
    else client.kill();
  }
}
