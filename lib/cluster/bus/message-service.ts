import { assert } from '../../base/assert.js';
import { EMPTY } from '../../protocol/empty-buffer.js';
import type { FrameStream } from './frame-stream.js';
import type { Peer } from './handshake.js';
import { ANSWER, FIRST_SERVED_KIND, REFUSAL } from './kinds.js';
import { KIND_MAX } from './frame.js';
import { BytesPayload } from './payload.js';
import type { Payload } from './payload.js';
import { ONE_WAY } from './peer-link.js';
import type { MemberId } from '../ring/member.js';

/** The way back to who asked. It is used once, now or later; if the stream is gone by then, nothing happens. */
export class Answer {
  private readonly stream: FrameStream;
  private readonly id: number;
  private isUsed = false;

  constructor(stream: FrameStream, id: number) {
    this.stream = stream;
    this.id = id;
  }

  send(payload: Payload): void {
    this.use(ANSWER, payload);
  }

  /** The asker gets a PeerError `refused` with these words. */
  refuse(words: string): void {
    this.use(REFUSAL, new BytesPayload(Buffer.from(words)));
  }

  private use(kind: number, payload: Payload): void {
    assert(!this.isUsed, 'a request is answered once');
    this.isUsed = true;
    this.stream.add(kind, this.id, payload);
  }
}

/** A message that has arrived. It and its bytes are valid until the handler returns; `answer` is, until it is used. */
export interface Message {
  readonly from: MemberId;
  readonly buffer: Buffer;
  /** The payload is `buffer[start, end)`. */
  readonly start: number;
  readonly end: number;
  /** Undefined: nobody waits for one. */
  readonly answer: Answer | undefined;
}

export type MessageHandler = (message: Message) => void;

/** Whose messages are taken: those of members of our ring, or of all who know the secret. */
export type Audience = 'members' | 'all';

/** The one that is used for all. */
class ReceivedMessage implements Message {
  from = '';
  buffer = EMPTY;
  start = 0;
  end = 0;
  answer: Answer | undefined = undefined;
}

/** Who handles which kinds of messages. */
export class MessageService {
  private readonly handlers: (MessageHandler | undefined)[] = new Array<undefined>(KIND_MAX + 1).fill(undefined);
  private readonly audiences: Audience[] = new Array<Audience>(KIND_MAX + 1).fill('members');
  private readonly message = new ReceivedMessage();

  serve(kind: number, audience: Audience, handler: MessageHandler): void {
    assert(kind >= FIRST_SERVED_KIND && kind <= KIND_MAX, 'a kind that may be served');
    assert(this.handlers[kind] === undefined, 'a kind has one handler');
    this.handlers[kind] = handler;
    this.audiences[kind] = audience;
  }

  /** A message has come by that stream. */
  take(stream: FrameStream, peer: Peer, kind: number, id: number, buffer: Buffer, start: number, end: number): void {
    const handler = this.handlers[kind];
    const isAllowed = peer.isMember || this.audiences[kind] === 'all';
    const answer = id === ONE_WAY ? undefined : new Answer(stream, id);
    if (handler === undefined || !isAllowed) {
      answer?.refuse(handler === undefined ? `nobody here knows messages of kind ${kind}` : 'for members of the ring');
      return;
    }
    const { message } = this;
    message.from = peer.memberId;
    message.buffer = buffer;
    message.start = start;
    message.end = end;
    message.answer = answer;
    handler(message);
  }
}
