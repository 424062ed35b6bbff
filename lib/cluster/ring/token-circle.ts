import { assert } from '../../base/assert.js';
import { SLOT_COUNT } from '../../base/position.js';

export const NO_OWNER = -1;

/**
 * The circle of slots and the tokens on it. A token at slot t stands for the range of slots from behind the token before it
 * up to t itself: a slot's own token is the first at or behind it.
 *
 *     slots   0 ...      t1 ...            t2 ...      t3 ... 16383 ─▶ 0
 *     token  └─ t1's ────┘ └──── t2's ─────┘ └─ t3's ──┘ └─ t1's ───────
 */
export class TokenCircle {
  tokenCount = 0;
  /** Whose token is at a slot; NO_OWNER without one. */
  private readonly owners = new Int16Array(SLOT_COUNT).fill(NO_OWNER);
  /** For each slot the first token at it or behind it, and the last one before it. REQUIRES: there is a token. */
  private readonly following = new Uint16Array(SLOT_COUNT);
  private readonly preceding = new Uint16Array(SLOT_COUNT);

  /** The circle of these tokens, those of owner 0 first: as if they were added one by one, but at once. REQUIRES: no two are in one slot. */
  static of(tokensOfOwners: readonly (readonly number[])[]): TokenCircle {
    const circle = new TokenCircle();
    tokensOfOwners.forEach((tokens, owner) => {
      for (const token of tokens) circle.place(token, owner);
    });
    circle.linkAll(Uint16Array.from(tokensOfOwners.flat()).sort());
    return circle;
  }

  ownerAt(slot: number): number {
    return this.owners[slot];
  }

  /** The token whose range has the slot. REQUIRES: there is a token. */
  tokenOf(slot: number): number {
    return this.following[slot];
  }

  /** The next token clockwise of a token; itself, if it is the only one. */
  after(token: number): number {
    return this.following[wrapped(token + 1)];
  }

  /** The token before a slot, or a token. REQUIRES: there is a token. */
  before(token: number): number {
    return this.preceding[token];
  }

  /** How many slots the range of a token has. */
  rangeLength(token: number): number {
    return distance(this.preceding[token], token) || SLOT_COUNT;
  }

  add(token: number, owner: number): void {
    const before = this.tokenCount === 0 ? token : this.preceding[token];
    const after = this.tokenCount === 0 ? token : this.following[token];
    this.place(token, owner);
    this.link(before, token);
    this.link(token, after);
  }

  /** REQUIRES: there is another token. */
  remove(token: number): void {
    assert(
      this.owners[token] !== NO_OWNER && this.tokenCount > 1,
      'a token that is removed is there, and not the last',
    );
    const before = this.before(token);
    const after = this.after(token);
    this.owners[token] = NO_OWNER;
    this.tokenCount--;
    this.link(before, after);
  }

  private place(token: number, owner: number): void {
    assert(this.owners[token] === NO_OWNER, 'a slot has one token');
    this.owners[token] = owner;
    this.tokenCount++;
  }

  /** Once around the circle. `tokens`: all, rising; the slots behind the last one are of the first. */
  private linkAll(tokens: Uint16Array): void {
    const { following, preceding } = this;
    const last = tokens[tokens.length - 1];
    following.fill(tokens[0]);
    preceding.fill(last);
    for (let i = 1; i < tokens.length; i++) {
      following.fill(tokens[i], tokens[i - 1] + 1, tokens[i] + 1);
      preceding.fill(tokens[i - 1], tokens[i - 1] + 1, tokens[i] + 1);
    }
  }

  /** `after` follows `before`: so it does for the slots between them. */
  private link(before: number, after: number): void {
    let slot = before;
    do {
      slot = wrapped(slot + 1);
      this.following[slot] = after;
      this.preceding[slot] = before;
    } while (slot !== after);
  }
}

function wrapped(slot: number): number {
  return slot & (SLOT_COUNT - 1);
}

/** How many steps clockwise it is from one slot to another. */
function distance(from: number, to: number): number {
  return wrapped(to - from);
}
