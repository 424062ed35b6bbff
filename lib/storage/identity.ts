/**
 * Who a node is: the file `identity` in its data directory, written once, at the first boot.
 *
 *     ringkv identity 1
 *     node 32 hexadecimal digits
 *     position-key 16 hexadecimal digits
 *     crc32 of the lines above, 8 hexadecimal digits
 *
 * The position key decides where keys lie in everything on disk (base/position.ts): it is never changed.
 */

import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import { ConfigError, CorruptionError } from '../base/errors.js';
import { POSITION_KEY_BYTES } from '../base/position.js';
import type { Disk, Random } from '../host/ports.js';

export interface Identity {
  /** 32 hexadecimal digits. */
  readonly nodeId: string;
  /** POSITION_KEY_BYTES. */
  readonly positionKey: Buffer;
}

const NODE_ID_BYTES = 16;
const FORM = /^ringkv identity 1\nnode ([0-9a-f]{32})\nposition-key ([0-9a-f]{16})\n$/;

export function identityPath(directory: string): string {
  return join(directory, 'identity');
}

/**
 * Reads the identity of a data directory, or makes one. `positionKey`: the one that it has to have. Throws CorruptionError and DiskError, and ConfigError if the
 * data lie by another position key.
 */
export function openIdentity(disk: Disk, random: Random, directory: string, positionKey?: Buffer): Identity {
  if (!disk.exists(identityPath(directory))) return createIdentity(disk, random, directory, positionKey);
  const identity = readIdentity(disk, directory);
  if (positionKey === undefined || positionKey.equals(identity.positionKey)) return identity;
  throw new ConfigError(
    `${directory} has the data of a single node, or of another ring: a new member of a ring begins with an empty directory`,
  );
}

/** Reads the identity of a data directory that has one. Throws CorruptionError and DiskError. */
export function readIdentity(disk: Disk, directory: string): Identity {
  const path = identityPath(directory);
  const file = disk.openForReading(path);
  const bytes = Buffer.alloc(file.sizeBytes);
  file.readAt(bytes, 0, bytes.length);
  file.close();
  const text = bytes.toString('latin1');
  const bodyEnd = text.lastIndexOf('\n', text.length - 2) + 1;
  const match = FORM.exec(text.slice(0, bodyEnd));
  if (match === null || text.slice(bodyEnd) !== checksumLine(text.slice(0, bodyEnd))) {
    throw new CorruptionError(path, 0, 'this is not the identity of a node; restore the file from a backup');
  }
  return { nodeId: match[1], positionKey: Buffer.from(match[2], 'hex') };
}

/**
 * Makes a node of a data directory, with a new id; and a new position key, unless its data are those of another node: then
 * they lie by that one's. REQUIRES: there is none yet. Throws DiskError.
 */
export function createIdentity(disk: Disk, random: Random, directory: string, positionKey?: Buffer): Identity {
  const draw = (length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    random.fill(bytes);
    return bytes;
  };
  const identity = {
    nodeId: draw(NODE_ID_BYTES).toString('hex'),
    positionKey: positionKey ?? draw(POSITION_KEY_BYTES),
  };
  const body = `ringkv identity 1\nnode ${identity.nodeId}\nposition-key ${identity.positionKey.toString('hex')}\n`;
  const bytes = Buffer.from(body + checksumLine(body), 'latin1');
  const path = identityPath(directory);
  const temporary = `${path}.tmp`;
  if (disk.exists(temporary)) disk.remove(temporary);
  const file = disk.create(temporary);
  file.append(bytes, 0, bytes.length);
  file.syncNow();
  file.close();
  disk.rename(temporary, path);
  disk.syncDirectory(directory);
  return identity;
}

function checksumLine(body: string): string {
  return `${crc32(body).toString(16).padStart(8, '0')}\n`;
}
