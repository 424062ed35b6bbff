/**
 * What other nodes have stamped comes late: below stamps that are in the log already. While such a change is in the log alone, not everything that is stamped
 * above it is on disk, whatever the stamps of the segments say.
 */
export class LateStamps {
  /** Of each segment that holds some, its lowest stamp; oldest segment first. */
  private readonly lowest: { readonly segment: number; stamp: number }[] = [];

  /** A change with this stamp is in a segment. REQUIRES: the segment is none before the newest one that was noted. */
  note(segment: number, stamp: number): void {
    const newest = this.lowest.at(-1);
    if (newest?.segment === segment) newest.stamp = Math.min(newest.stamp, stamp);
    else this.lowest.push({ segment, stamp });
  }

  /** The lowest stamp in the segments behind `segment`; Infinity if none is known. */
  lowestBehind(segment: number): number {
    let lowest = Infinity;
    for (const each of this.lowest) if (each.segment > segment && each.stamp < lowest) lowest = each.stamp;
    return lowest;
  }

  /** Nobody asks about segment `segment` and those before it any more. */
  forget(segment: number): void {
    while (this.lowest.length > 0 && this.lowest[0].segment <= segment) this.lowest.shift();
  }
}
