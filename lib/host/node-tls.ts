/** TLS over node:tls, as Redis has it: who is who follows from the authority that signed a certificate, not from the name in it. */

import type { SecureContext, Server, TLSSocket, TlsOptions } from 'node:tls';
import { connect, createSecureContext, createServer } from 'node:tls';
import type { TlsSettings } from './ports.js';

/** A client that has not shown who it is by then is let go. */
const HANDSHAKE_MS_MAX = 10_000;

/** Made of PEM texts once: that takes longer than a handshake. */
const contexts = new WeakMap<TlsSettings, SecureContext>();

/** Throws if the settings are no certificates and key. */
export function createTlsServer(settings: TlsSettings, accept: (socket: TLSSocket) => void): Server {
  const options: TlsOptions = {
    ...pemOptions(settings),
    allowHalfOpen: true,
    noDelay: true,
    handshakeTimeout: HANDSHAKE_MS_MAX,
    requestCert: settings.clientCertificates !== 'no',
    rejectUnauthorized: settings.clientCertificates === 'yes',
  };
  const server = createServer(options, (socket) => {
    if (settings.clientCertificates === 'optional' && !socket.authorized && hasShownCertificate(socket)) {
      socket.destroy();
    } else {
      accept(socket);
    }
  });
  return server;
}

/** Begins to connect. Throws if the settings are no certificates and key. */
export function connectTls(host: string, port: number, settings: TlsSettings): TLSSocket {
  let secureContext = contexts.get(settings);
  if (secureContext === undefined) {
    secureContext = createSecureContext(pemOptions(settings));
    contexts.set(settings, secureContext);
  }
  // Documented, and missing in the types.
  const halfOpen: { allowHalfOpen: boolean } = { allowHalfOpen: true };
  return connect({ host, port, secureContext, checkServerIdentity: () => undefined, ...halfOpen });
}

/** Empty texts are left out. */
function pemOptions({ cert, key, ca }: TlsSettings): { cert?: string; key?: string; ca?: string } {
  return { ...(cert !== '' && { cert }), ...(key !== '' && { key }), ...(ca !== '' && { ca }) };
}

function hasShownCertificate(socket: TLSSocket): boolean {
  return Object.keys(socket.getPeerCertificate()).length > 0;
}
