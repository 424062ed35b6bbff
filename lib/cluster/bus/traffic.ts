/** What went over the streams between this member and another: bytes and messages since the start. */
export class Traffic {
  bytesIn = 0;
  bytesOut = 0;
  messagesIn = 0;
  messagesOut = 0;
}
