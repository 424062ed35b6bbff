import { PayloadBuffer } from '../bus/payload-buffer.js';
import type { MemberId } from '../ring/member.js';
import type { MemberLinks } from './ports.js';

/** Messages of one kind that collect during a turn: one for each member, sent at its end. */
export class Outboxes {
  private readonly links: MemberLinks;
  private readonly kind: number;
  private readonly boxes = new Map<MemberId, PayloadBuffer>();

  constructor(links: MemberLinks, kind: number) {
    this.links = links;
    this.kind = kind;
  }

  /** What is to be said to a member: add to it. */
  to(member: MemberId): PayloadBuffer {
    let box = this.boxes.get(member);
    if (box === undefined) this.boxes.set(member, (box = new PayloadBuffer()));
    return box;
  }

  /** Sends what has collected. What cannot be sent is dropped. */
  flush(): void {
    for (const [member, box] of this.boxes) {
      if (box.isEmpty) continue;
      this.links.send(member, this.kind, box);
      box.clear();
    }
  }
}
