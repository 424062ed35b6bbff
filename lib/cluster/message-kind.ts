/** The kinds of messages that members send each other about data. The numbers stand on the wire, and never change. */
export const MessageKind = {
  /** replication/shipment.ts */
  REPLICATE: 32,
  REPLICATED: 33,
  MISSED: 38,
  /** server/ring/message-relay.ts */
  PUBLISH: 41,
  /** server/ring/ring-presence.ts */
  PRESENT: 42,
  /** coordination/state-messages.ts */
  ASK: 34,
  TELL: 35,
  REPAIR: 36,
  REPAIRED: 37,
  /** coordination/inquiries.ts */
  INQUIRE: 43,
  INFORM: 44,
  /** replication/hint-messages.ts */
  HINT: 39,
  HINTED: 40,
  /** consensus/messages.ts */
  PREPARE: 48,
  PROMISED: 49,
  ACCEPT: 50,
  ACCEPTED: 51,
  DECIDED: 52,
  /** server/ring/refused-puts.ts */
  DECIDE_PUT: 53,
  PUT_DECIDED: 54,
  /** repair/repair-messages.ts */
  COMPARE_ROOTS: 56,
  COMPARE_SLOTS: 57,
  COMPARE_LEAVES: 58,
  COMPARE_KEYS: 59,
  TAKE_ENTRIES: 60,
  COMPARED: 61,
  SETTLE: 62,
  BOUNDS: 63,
  FORGET: 55,
  /** transfer/transfer-messages.ts */
  PULL: 64,
  CHUNK: 65,
  TAKEN: 66,
  UNABLE: 67,
  FILLED: 68,
} as const;
