/** Replies that are made without a writer. */
export const ReplyText = {
  error: (text: string): Buffer => Buffer.from(`-${text}\r\n`, 'latin1'),
  nullArray: (resp: 2 | 3): Buffer => Buffer.from(resp === 3 ? '_\r\n' : '*-1\r\n', 'latin1'),
};
