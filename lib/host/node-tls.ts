/** TLS over node:tls, as Redis has it: who is who follows from the authority that signed a certificate, not from the name in it. */

import type { SecureContext, TLSSocket, TlsOptions } from 'node:tls';
import type { Socket } from 'node:net';
import { Server as TlsServer, connect, createSecureContext, createServer } from 'node:tls';
import type { TlsSettings } from './ports.js';
import { TLS_HANDSHAKES_MAX } from './ports.js';

export { TlsServer };

/** A client that has not shown who it is by then is let go. */
const HANDSHAKE_MS_MAX = 10_000;

/** Made of PEM texts once: that takes longer than a handshake. */
const contexts = new WeakMap<TlsSettings, SecureContext>();

/** Throws if the settings are no certificates and key. */
export function createTlsServer(
  settings: TlsSettings,
  accept: (socket: TLSSocket) => void,
  handshakeMsMax = HANDSHAKE_MS_MAX,
): TlsServer {
  const options: TlsOptions = {
    ...pemOptions(settings),
    allowHalfOpen: true,
    noDelay: true,
    handshakeTimeout: handshakeMsMax,
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
  limitHandshakes(server);
  return server;
}

/** What the server shows, and whom it believes, from the next connection on. Throws, with nothing changed, if the settings are no certificates and key. */
export function renewCertificates(server: TlsServer, settings: TlsSettings): void {
  server.setSecureContext(pemOptions(settings));
}

/** Who does not say who it is takes no more than its part of the files that the process may open. */
function limitHandshakes(server: TlsServer): void {
  /** Sockets whose handshake is not done, by the other end, oldest first. */
  const unfinished = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const place = placeOf(socket);
    unfinished.set(place, socket);
    socket.once('close', () => {
      if (unfinished.get(place) === socket) unfinished.delete(place);
    });
    if (unfinished.size > TLS_HANDSHAKES_MAX) [...unfinished.values()][0].destroy();
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Node says so, and leaves it open.
    if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') socket.destroy();
  });
  server.on('secureConnection', (socket) => {
    unfinished.delete(placeOf(socket));
  });
}

function placeOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0}`;
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
