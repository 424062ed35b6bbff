/** Every command that reads or changes keys, by the files that they are in. */

import type { Command } from './command.js';
import { counterCommands } from './counters.js';
import { databaseCommands } from './databases.js';
import { expiryCommands } from './expiry.js';
import { keyCommands } from './keys.js';
import { stringCommands } from './strings.js';

export const dataCommands: readonly Command[] = [
  ...stringCommands,
  ...counterCommands,
  ...keyCommands,
  ...expiryCommands,
  ...databaseCommands,
];
