/** Certificates made with the openssl program, for specs. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TlsSettings } from '../../lib/host/ports.js';

export interface Certificates {
  /** A member's, of the authority. */
  readonly member: TlsSettings;
  /** A stranger's, of an authority of its own; believes in the member's. */
  readonly stranger: TlsSettings;
  /** Nobody's: shows nothing. */
  readonly nobody: TlsSettings;
}

/** Files in a directory: `NAME.crt` and `NAME.key` of the authority (`ca`), of a member, and of a stranger, who is an authority of his own. */
export function writeCertificates(openssl: string, directory: string): void {
  const run = (...args: string[]): void => {
    execFileSync(openssl, args, { cwd: directory, stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-sha256'];
  for (const name of ['ca', 'stranger']) {
    run('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`);
  }
  run('req', ...newKey, '-keyout', 'member.key', '-out', 'member.csr', '-subj', '/CN=a member');
  const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
  run('x509', '-req', '-in', 'member.csr', ...authority, '-out', 'member.crt');
}

export function makeCertificates(openssl: string): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'ringkv-certificates-'));
  try {
    writeCertificates(openssl, directory);
    const text = (name: string): string => readFileSync(join(directory, name), 'latin1');
    const ca = text('ca.crt');
    const clientCertificates = 'yes';
    return {
      member: { cert: text('member.crt'), key: text('member.key'), ca, clientCertificates },
      stranger: { cert: text('stranger.crt'), key: text('stranger.key'), ca, clientCertificates },
      nobody: { cert: '', key: '', ca, clientCertificates },
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
