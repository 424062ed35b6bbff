/** The certificates and the key of the configuration, read and checked at the start: what is wrong with them is said there, and not by every client. */

import type { KeyObject } from 'node:crypto';
import { X509Certificate, createPrivateKey } from 'node:crypto';

import { ConfigError } from '../base/errors.js';
import type { Settings } from '../config/settings.js';
import type { TlsSettings } from '../host/ports.js';

/** What TLS needs; undefined if nothing is to use it. `readText` gives a file's text, or throws. Throws ConfigError, which names the option. */
export function readTls(config: Settings, readText: (path: string) => string): TlsSettings | undefined {
  if (!usesTls(config)) return undefined;
  const cert = read('tls-cert-file', config.tlsCertFile, readText);
  const certificate = parsed('tls-cert-file', config.tlsCertFile, () => new X509Certificate(cert));
  const keyText = read('tls-key-file', config.tlsKeyFile, readText);
  const key = parsed('tls-key-file', config.tlsKeyFile, () => privateKey(keyText, config.tlsKeyFilePass));
  if (!certificate.checkPrivateKey(key)) {
    throw new ConfigError(
      `tls-key-file: '${config.tlsKeyFile}' is not the key of tls-cert-file '${config.tlsCertFile}'`,
    );
  }
  return {
    cert,
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ca: authorities(config, readText),
    clientCertificates: config.tlsAuthClients,
  };
}

function usesTls({ tlsPort, tlsCluster, clusterEnabled }: Settings): boolean {
  return tlsPort !== 0 || (tlsCluster && clusterEnabled);
}

/** As in Redis, needed where anybody has to show a certificate. */
function authorities(config: Settings, readText: (path: string) => string): string {
  const { tlsCaCertFile, tlsAuthClients, tlsCluster } = config;
  if (tlsCaCertFile === '' && tlsAuthClients === 'no' && !tlsCluster) return '';
  const ca = read('tls-ca-cert-file', tlsCaCertFile, readText);
  parsed('tls-ca-cert-file', tlsCaCertFile, () => new X509Certificate(ca));
  return ca;
}

function privateKey(pem: string, passphrase: string): KeyObject {
  return createPrivateKey({ key: pem, ...(passphrase !== '' && { passphrase: Buffer.from(passphrase, 'latin1') }) });
}

function read(option: string, path: string, readText: (path: string) => string): string {
  if (path === '') throw new ConfigError(`${option}: TLS needs it, and it is empty`);
  try {
    return readText(path);
  } catch (error) {
    throw new ConfigError(`${option}: ${reasonOf(error)}`, { cause: error });
  }
}

function parsed<Value>(option: string, path: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw new ConfigError(`${option}: '${path}' cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
