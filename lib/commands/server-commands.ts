/** Every command about connections and about the server, by the files that they are in. */

import { aclCommands } from './acl.js';
import { clientCommands } from './client.js';
import { clusterCommands } from './cluster.js';
import type { Command } from './command.js';
import { configCommands } from './config.js';
import { connectionCommands } from './connection.js';
import { consistencyCommands } from './consistency.js';
import { debugCommands } from './debug.js';
import { infoCommands } from './info.js';
import { introspectionCommands } from './introspection.js';
import { latencyCommands } from './latency.js';
import { lolwutCommands } from './lolwut.js';
import { memoryCommands } from './memory.js';
import { pubsubCommands } from './pubsub.js';
import { ringCommands } from './ring.js';
import { savingCommands } from './saving.js';
import { smallServerCommands } from './server.js';
import { slowlogCommands } from './slowlog.js';
import { storageCommands } from './storage.js';
import { transactionCommands } from './transactions.js';

export const serverCommands: readonly Command[] = [
  ...connectionCommands,
  ...clientCommands,
  ...transactionCommands,
  ...aclCommands,
  ...pubsubCommands,
  ...configCommands,
  ...clusterCommands,
  ...ringCommands,
  ...consistencyCommands,
  ...infoCommands,
  ...introspectionCommands,
  ...slowlogCommands,
  ...latencyCommands,
  ...memoryCommands,
  ...savingCommands,
  ...storageCommands,
  ...smallServerCommands,
  ...lolwutCommands,
  ...debugCommands,
];
