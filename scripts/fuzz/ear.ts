/** Hears what a server tells of its keys (keyspace notifications). */
import { randomBytes } from 'node:crypto';
import { decodeAll } from '../../spec/protocol/resp-decoder.js';
import type { RawConnection } from '../tools/raw-connection.js';
import { encodeCommand } from '../tools/resp-client.js';
import { argumentText } from './command-text.js';
import { inTime } from './conversation.js';
import type { FuzzTarget } from './fuzz-target.js';

export class Ear {
  readonly #connection: RawConnection;

  private constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  /** Listens from now on. */
  static async open(target: FuzzTarget): Promise<Ear> {
    const ear = new Ear(await target.connect());
    void ear.#connection.write(encodeCommand(['PSUBSCRIBE', '__key*']));
    await ear.take();
    return ear;
  }

  close(): void {
    this.#connection.destroy();
  }

  /** What was told since the last look, up to now: `channel event` or `channel key`, as for redis-cli. */
  async take(): Promise<string[]> {
    const last = randomBytes(20).toString('hex');
    void this.#connection.write(encodeCommand(['PING', last]));
    const messages = decodeAll(await inTime(this.#connection.readUntil(`${last}\r\n`))) as Buffer[][];
    return messages
      .filter(([kind]) => kind.toString() === 'pmessage')
      .map(([, , channel, message]) => `${argumentText(channel)} ${argumentText(message)}`);
  }
}
