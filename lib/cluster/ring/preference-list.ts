import type { TokenCircle } from './token-circle.js';

/**
 * Preference lists: which members hold a slot, the first of them first (Dynamo, SOSP 2007, section 4.6).
 *
 * From the slot clockwise, the first N distinct members in distinct zones. With fewer zones than N: one of each zone, then
 * those that were passed over, in the order in which they came.
 */
export class PreferenceLists {
  /** How many members every list has. */
  readonly length: number;

  private readonly circle: TokenCircle;
  /** Of each member, a number for its zone. */
  private readonly zones: Uint16Array;
  /** How many members a list has for being the first of their zone. */
  private readonly zonedLength: number;
  /** The walk that met a member, or its zone, last. */
  private readonly memberMet: Uint32Array;
  private readonly zoneMet: Uint32Array;
  private walk = 0;
  private readonly passedOver: Uint16Array;

  /** `zones` has the zone of each member that may have tokens on the circle; those that do must be all, when lists are asked for. */
  constructor(circle: TokenCircle, zones: readonly string[], replicaCount: number) {
    const names = [...new Set(zones)];
    this.circle = circle;
    this.zones = Uint16Array.from(zones, (zone) => names.indexOf(zone));
    this.length = Math.min(replicaCount, zones.length);
    this.zonedLength = Math.min(this.length, names.length);
    this.memberMet = new Uint32Array(zones.length);
    this.zoneMet = new Uint32Array(names.length);
    this.passedOver = new Uint16Array(zones.length);
  }

  /** Writes the list of the slots in the range of a token to `target[0, length)`. Returns how many tokens it passed, this one included. */
  fill(token: number, target: Uint16Array): number {
    const { circle, zones, zonedLength, length, memberMet, zoneMet, passedOver } = this;
    const walk = ++this.walk;
    let count = 0;
    let passedOverCount = 0;
    let tokenCount = 0;
    for (let at = token; count < zonedLength || count + passedOverCount < length; at = circle.after(at)) {
      tokenCount++;
      const member = circle.ownerAt(at);
      if (memberMet[member] === walk) continue;
      memberMet[member] = walk;
      if (count < zonedLength && zoneMet[zones[member]] !== walk) {
        zoneMet[zones[member]] = walk;
        target[count++] = member;
      } else {
        passedOver[passedOverCount++] = member;
      }
    }
    for (let i = 0; count < length; i++) target[count++] = passedOver[i];
    return tokenCount;
  }
}
