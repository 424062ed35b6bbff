import type { Clock } from '../../host/ports.js';

/** So many attempts in a row must have failed for the same reason: whoever is stopped may close a connection without a word, too. */
const ATTEMPTS_MIN = 3;
const LOG_EVERY_US = 300_000_000;

/** An attempt to open a stream, to somebody who has not said a word. */
export interface SilentAttempt {
  /** Whether it was to be with TLS. */
  readonly usesTls: boolean;
  /** Whether there was a connection; with TLS, as far as this side goes. */
  readonly isConnected: boolean;
  /** Why it has ended; undefined: the other side has closed it. */
  readonly error: (Error & { readonly code?: string }) | undefined;
}

/** What is likely wrong with TLS, in words; undefined if that is something else. */
export function tlsTroubleOf({ usesTls, isConnected, error }: SilentAttempt): string | undefined {
  const code = error?.code ?? '';
  const isTlsError = /^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code);
  const isCutOff = error === undefined || code === 'ECONNRESET' || isTlsError;
  if (!usesTls) {
    return isConnected && isCutOff ? 'it seems to have TLS, which this node is without (tls-cluster)' : undefined;
  }
  if (isConnected) {
    return isCutOff
      ? 'it seems not to believe the certificate of this node (tls-cert-file here, tls-ca-cert-file there)'
      : undefined;
  }
  if (isCutOff) return 'it seems to be without TLS, which this node has (tls-cluster)';
  return /CERT|ISSUER|SIGNATURE|CRL/.test(code)
    ? `its certificate is not believed here (tls-ca-cert-file): ${error.message}`
    : undefined;
}

interface Tally {
  readonly trouble: string;
  count: number;
  loggedUs: number;
}

/** Says, once in a while, with whom there is no connection because TLS does not fit. */
export class TlsTroubles {
  private readonly clock: Clock;
  private readonly log: (message: string) => void;
  private readonly tallies = new Map<string, Tally>();

  constructor(clock: Clock, log: (message: string) => void) {
    this.clock = clock;
    this.log = log;
  }

  /** `address`: where the other side is, in words. */
  failed(address: string, attempt: SilentAttempt): void {
    const trouble = tlsTroubleOf(attempt);
    let tally = this.tallies.get(address);
    if (trouble === undefined || tally?.trouble !== trouble) this.tallies.delete(address);
    if (trouble === undefined) return;
    if (tally?.trouble !== trouble) this.tallies.set(address, (tally = { trouble, count: 0, loggedUs: -Infinity }));
    const nowUs = this.clock.monotonicUs();
    if (++tally.count < ATTEMPTS_MIN || nowUs - tally.loggedUs < LOG_EVERY_US) return;
    tally.loggedUs = nowUs;
    this.log(`Bus: there is no connection with ${address}: ${trouble}`);
  }

  opened(address: string): void {
    this.tallies.delete(address);
  }
}
