/**
 * Kinds of frames, by who gives them their meaning.
 *
 *     0 ..  1    every stream: signs of life (frame-stream.ts)
 *     2 ..  3    streams of messages: answers (peer-link.ts)
 *     8 .. 12    streams of channels (channel-link.ts)
 *    16 .. 127   streams of messages: whoever serves them (Bus.serve)
 *    16 .. 17    gossip (gossip/bus-exchange.ts)
 *    24          topology (topology/bus-messenger.ts)
 *    32 .. 37    data (message-kind.ts)
 */
export const PING = 0;
export const PONG = 1;
export const ANSWER = 2;
export const REFUSAL = 3;
export const CHANNEL_OPEN = 8;
export const CHANNEL_DATA = 9;
export const CHANNEL_END = 10;
export const CHANNEL_RESET = 11;
export const CHANNEL_CREDIT = 12;
export const FIRST_SERVED_KIND = 16;
export const GOSSIP_STATE = 16;
export const GOSSIP_PING = 17;
export const TOPOLOGY = 24;
