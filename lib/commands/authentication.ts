/** Passwords, and who they let in. There is one user, `default`; its password is the option `requirepass`. */

import { createHash, timingSafeEqual } from 'node:crypto';

import type { Config } from '../config/config.js';
import type { Client } from './ports.js';

export const DEFAULT_USER = 'default';
export const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';

/** Lets the client in if user and password are right; returns whether. Both are byte text. */
export function authenticate(client: Client, config: Config, user: string, password: string): boolean {
  if (user !== DEFAULT_USER || !isPassword(password, config.requirepass)) return false;
  client.authenticated = true;
  return true;
}

/** Whether `given` is the password; without a password, everything is. Takes as long whatever is wrong with it. */
function isPassword(given: string, expected: string): boolean {
  return expected === '' || timingSafeEqual(digestOf(given), digestOf(expected));
}

function digestOf(password: string): Buffer {
  return createHash('sha256').update(password, 'latin1').digest();
}
