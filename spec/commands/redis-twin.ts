/** A redis-server that gets what a Harness gets, and whose replies are put in the same plain form. */

import type { RespClient } from '../../scripts/tools/resp-client.js';
import { RespClient as Client, type Reply } from '../../scripts/tools/resp-client.js';
import { ServerProcess } from '../../scripts/tools/server-process.js';
import type { Argument, Plain } from './harness.js';

export class RedisTwin {
  private readonly process: ServerProcess;
  private readonly client: RespClient;

  private constructor(process: ServerProcess, client: RespClient) {
    this.process = process;
    this.client = client;
  }

  static async start(...args: string[]): Promise<RedisTwin> {
    const flags = ['--save', '', '--appendonly', 'no', '--enable-debug-command', 'yes', ...args];
    const process = await ServerProcess.start({ kind: 'redis', args: flags });
    return new RedisTwin(process, await Client.connect(process.port, { buffers: true, integersAsText: true }));
  }

  /** The reply; of an error, its text. Strings are latin1. */
  async ask(...words: Argument[]): Promise<Plain> {
    const bytes = words.map((word) => (typeof word === 'object' ? word : Buffer.from(String(word), 'latin1')));
    try {
      return plain(await this.client.call(...bytes));
    } catch (error) {
      return (error as Error).message;
    }
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.process.stop();
  }
}

function plain(reply: Reply): Plain {
  if (Buffer.isBuffer(reply)) return reply.toString('latin1');
  if (typeof reply === 'string') return Number.isSafeInteger(Number(reply)) ? Number(reply) : BigInt(reply);
  if (reply instanceof Error) return reply.message;
  return Array.isArray(reply) ? reply.map(plain) : reply;
}
