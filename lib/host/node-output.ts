import { writeSync } from 'node:fs';

const PAUSE_MS = 5;
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes text to an open descriptor, and waits until the system has taken all of it: for programs that print more than there is
 * memory for. False: nobody reads it any more. Throws what node:fs does.
 */
export function writeText(descriptor: number, text: string): boolean {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw error;
      // Somebody has made the terminal or pipe one that does not wait.
      Atomics.wait(pause, 0, 0, PAUSE_MS);
    }
  }
  return true;
}
