/** What of a request nobody else may see: passwords. For whoever keeps or shows requests (SLOWLOG, MONITOR). */

import { findOption } from '../config/options.js';
import type { Args } from '../protocol/args.js';

/** What is shown in place of a secret. */
export const REDACTED = '(redacted)';

/** Whether argument i of a request is secret. `command` is the full name of what was asked for (`config|set`). */
export function isSecret(command: string, args: Args, i: number): boolean {
  switch (command) {
    case 'auth':
      return i >= 1;
    case 'hello':
      return isAfterAuth(args, i);
    case 'acl|setuser':
      return i >= 2;
    case 'config|set':
      return isSecretOption(args, i);
    default:
      return false;
  }
}

/** Whether argument i is the user or the password of HELLO ... AUTH user password. */
function isAfterAuth(args: Args, i: number): boolean {
  return (i >= 3 && args.is(i - 1, 'auth')) || (i >= 4 && args.is(i - 2, 'auth'));
}

/** Whether argument i is the value of an option that is a secret: CONFIG SET option value [option value ...] */
function isSecretOption(args: Args, i: number): boolean {
  return i >= 3 && i % 2 === 1 && findOption(args.text(i - 1))?.secret === true;
}
