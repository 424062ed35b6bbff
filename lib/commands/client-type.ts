import type { Call } from './call.js';
import type { Client } from './ports.js';

/** Redis's classes of connections. */
export type ClientType = 'normal' | 'master' | 'replica' | 'pubsub';

const NAMES: ReadonlyMap<string, ClientType> = new Map([
  ['normal', 'normal'],
  ['master', 'master'],
  ['replica', 'replica'],
  ['slave', 'replica'],
  ['pubsub', 'pubsub'],
]);

/** The class that argument i names; undefined after an error reply. */
export function clientType(call: Call, i: number): ClientType | undefined {
  const name = call.args.text(i);
  const type = NAMES.get(name.toLowerCase());
  if (type === undefined) call.reply.error(`ERR Unknown client type '${name}'`);
  return type;
}

/** The class of a connection: nodes speak among themselves elsewhere. */
export function typeOf(client: Client): ClientType {
  return client.subscriptions === undefined ? 'normal' : 'pubsub';
}
