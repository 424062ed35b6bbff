import { expect } from 'chai';
import fc from 'fast-check';
import { PAGE_BYTES, SLOT_BYTES_MAX, Slab, sizeClassOf } from '../../../lib/storage/memory/slab.js';
import { SeededRandom } from '../../sim/seeded-random.js';

/** The dumb twin: the sizes of slots, written down; a record gets the first one that holds it. */
const slotSizes: readonly number[] = [
  ...Array.from({ length: 16 }, (_, i) => 16 * (i + 1)),
  ...[32, 64, 128, 256, 512, 1024, 2048].flatMap((step) => Array.from({ length: 8 }, (_, i) => step * (9 + i))),
];

function slotBytes(bytes: number): number {
  return slotSizes.find((size) => size >= bytes) ?? Math.ceil(bytes / 8) * 8;
}

interface Slot {
  readonly ref: number;
  readonly bytes: number;
  readonly mark: number;
}

/** A slab whose slots are filled to the last byte with marks of their own, to be checked later. */
class MarkedSlab {
  readonly slab = new Slab();
  readonly slots: Slot[] = [];
  private nextMark = 1;

  allocate(bytes: number): Slot {
    const slot = { ref: this.slab.allocate(bytes), bytes, mark: this.nextMark++ };
    this.memory(slot).fill(Buffer.from(`${slot.mark};`));
    this.slots.push(slot);
    return slot;
  }

  free(index: number): void {
    const slot = this.slots[index];
    this.check(slot);
    this.slab.free(slot.ref);
    const last = this.slots.pop();
    if (last !== undefined && last !== slot) this.slots[index] = last;
  }

  checkAll(): void {
    for (const slot of this.slots) this.check(slot);
    const used = this.slots.reduce((sum, { bytes }) => sum + slotBytes(bytes), 0);
    expect(this.slab.usedBytes).to.equal(used);
    expect(this.slab.heldBytes).to.be.at.least(used);
  }

  /** All of the slot, as far as it may grow. */
  memory(slot: Slot): Buffer {
    const offset = this.slab.offset(slot.ref);
    return this.slab.bytes(slot.ref).subarray(offset, offset + this.slab.capacity(slot.ref));
  }

  private check(slot: Slot): void {
    const memory = this.memory(slot);
    const expected = Buffer.alloc(memory.length, Buffer.from(`${slot.mark};`));
    if (!memory.equals(expected)) expect.fail(`a slot of ${slot.bytes} bytes was written over`);
  }
}

/** A size of any class, small ones more often. */
function anySize(random: SeededRandom): number {
  const bits = random.below(17);
  return 1 + random.below(2 ** bits);
}

describe('sizeClassOf', () => {
  it('gives the smallest class that holds the bytes, for every length', () => {
    const slab = new Slab();
    let sizeClass = 1;
    for (let bytes = 1; bytes <= SLOT_BYTES_MAX; bytes++) {
      if (bytes > slotSizes[sizeClass - 1]) sizeClass++;
      if (sizeClassOf(bytes) !== sizeClass) expect.fail(`${bytes} bytes: class ${sizeClassOf(bytes)}`);
    }
    expect(sizeClass).to.equal(slotSizes.length);
    for (const bytes of slotSizes) expect(slab.capacity(slab.allocate(bytes))).to.equal(bytes);
  });

  it('wastes at most 15 bytes up to 256, and an eighth above', () => {
    for (let bytes = 1; bytes <= SLOT_BYTES_MAX; bytes++) {
      const waste = slotSizes[sizeClassOf(bytes) - 1] - bytes;
      if (waste > (bytes <= 256 ? 15 : bytes / 8)) expect.fail(`${bytes} bytes waste ${waste}`);
    }
  });
});

describe('Slab', () => {
  it('hands out slots that do not overlap, and counts their bytes, whatever is allocated and freed', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = new SeededRandom(seed);
      const marked = new MarkedSlab();
      for (let step = 0; step < 6000; step++) {
        // Grows, shrinks and grows again, so that pages empty and change their class.
        const grows = Math.floor(step / 1500) % 2 === 0 ? 70 : 30;
        if (marked.slots.length === 0 || random.below(100) < grows) marked.allocate(anySize(random));
        else marked.free(random.below(marked.slots.length));
        if (step % 1500 === 1499) marked.checkAll();
      }
      while (marked.slots.length > 0) marked.free(marked.slots.length - 1);
      marked.checkAll();
      expect(marked.slab.usedBytes).to.equal(0);
    }
  });

  it('never hands out ref 0, and begins every slot on a multiple of 16', () => {
    const slab = new Slab();
    for (const bytes of [16, 1, 48, 300, SLOT_BYTES_MAX, SLOT_BYTES_MAX + 1, 16]) {
      const ref = slab.allocate(bytes);
      expect(ref).to.not.equal(0);
      expect(slab.offset(ref) % 16).to.equal(0);
      expect(slab.offset(ref) + bytes).to.be.at.most(slab.bytes(ref).length);
    }
  });

  it('shows one memory as bytes, words and doubles', () => {
    fc.assert(
      fc.property(fc.constantFrom(16, 300, 40_000), fc.double(), (bytes, value) => {
        const slab = new Slab();
        slab.allocate(24);
        const ref = slab.allocate(bytes);
        slab.doubles(ref)[slab.offset(ref) >>> 3] = value;
        expect(slab.bytes(ref).readDoubleLE(slab.offset(ref))).to.deep.equal(value);
        expect(slab.words(ref)[(slab.offset(ref) >>> 2) + 1]).to.equal(
          slab.bytes(ref).readInt32LE(slab.offset(ref) + 4),
        );
      }),
    );
  });

  it('gives an empty page to any class that needs one, and holds no more pages than it did', () => {
    const slab = new Slab();
    const fill = (bytes: number): number[] => {
      const count = Math.floor((4 * PAGE_BYTES) / bytes);
      return Array.from({ length: count }, () => slab.allocate(bytes));
    };
    let peak = 0;
    for (const bytes of [16, 64, 256, 1024, 4096, 32768, 16]) {
      const refs = fill(bytes);
      expect(slab.heldBytes).to.be.at.least(refs.length * bytes);
      peak = Math.max(peak, slab.heldBytes);
      for (const ref of refs) slab.free(ref);
      expect(slab.usedBytes).to.equal(0);
      // One page stays with each class that was used so far.
      expect(slab.heldBytes).to.be.at.most(6 * PAGE_BYTES);
    }
    expect(peak).to.be.at.most((4 + 1 + 6) * PAGE_BYTES);
    const refs = new Set(fill(64));
    expect(Math.max(...refs) * 16).to.be.below(16 * PAGE_BYTES); // no new memory was taken
  });

  it('fills the pages that it has before it takes another', () => {
    const slab = new Slab();
    const refs = Array.from({ length: (3 * PAGE_BYTES) / 64 }, () => slab.allocate(64));
    const held = slab.heldBytes;
    for (let i = 0; i < refs.length; i += 2) slab.free(refs[i]);
    for (let i = 0; i < refs.length; i += 2) slab.allocate(64);
    expect(slab.heldBytes).to.equal(held);
  });

  it('keeps a large record by itself, and gives its memory back', () => {
    const slab = new Slab();
    const refs = [40_000, 1_000_001, SLOT_BYTES_MAX + 1].map((bytes) => slab.allocate(bytes));
    expect(refs.map((ref) => slab.capacity(ref))).to.deep.equal([40_000, 1_000_008, SLOT_BYTES_MAX + 8]);
    expect(slab.usedBytes).to.equal(40_000 + 1_000_008 + SLOT_BYTES_MAX + 8);
    expect(slab.heldBytes).to.equal(slab.usedBytes);
    slab.bytes(refs[0]).fill(1);
    slab.free(refs[1]);
    expect(slab.usedBytes).to.equal(40_000 + SLOT_BYTES_MAX + 8);
    const again = slab.allocate(50_000);
    expect(again).to.equal(refs[1]);
    slab.bytes(again).fill(2);
    expect(slab.bytes(refs[0]).every((byte) => byte === 1)).to.equal(true);
    for (const ref of [refs[0], again, refs[2]]) slab.free(ref);
    expect([slab.usedBytes, slab.heldBytes]).to.deep.equal([0, 0]);
  });

  it('goes on past a chunk, and past the pages that it had tables for', function () {
    this.timeout(20_000);
    const slab = new Slab();
    // 32 KiB slots touch one word a slot: the operating system gives only those pages.
    const count = (5 * 64 * 1024 * 1024) / SLOT_BYTES_MAX;
    const refs = Array.from({ length: count }, (_, i) => {
      const ref = slab.allocate(SLOT_BYTES_MAX);
      slab.words(ref)[slab.offset(ref) >>> 2] = i;
      return ref;
    });
    expect(new Set(refs).size).to.equal(count);
    refs.forEach((ref, i) => {
      if (slab.words(ref)[slab.offset(ref) >>> 2] !== i) expect.fail(`slot ${i} was written over`);
    });
    for (const ref of refs) slab.free(ref);
    expect(slab.usedBytes).to.equal(0);
  });

  it('says each time that there is no more memory, and goes on when some has been freed', () => {
    const slab = new Slab(1);
    const refs: number[] = [];
    const fill = (): void => {
      for (;;) refs.push(slab.allocate(SLOT_BYTES_MAX));
    };
    expect(fill).to.throw(RangeError, '32 GiB');
    const { usedBytes, heldBytes } = slab;
    expect(fill).to.throw(RangeError, '32 GiB');
    expect(() => slab.allocate(16)).to.throw(RangeError, '32 GiB');
    expect([slab.usedBytes, slab.heldBytes]).to.deep.equal([usedBytes, heldBytes]);
    for (const ref of refs.splice(100, 20)) slab.free(ref);
    const again = Array.from({ length: 20 }, () => slab.allocate(SLOT_BYTES_MAX));
    expect(new Set([...refs, ...again]).size).to.equal(refs.length + 20);
  });

  it('starts anew after clear', () => {
    const random = new SeededRandom(9);
    const marked = new MarkedSlab();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 2200; i++) marked.allocate(round === 1 ? SLOT_BYTES_MAX : anySize(random));
      for (let i = 0; i < 100; i++) marked.free(random.below(marked.slots.length));
      marked.checkAll();
      marked.slab.clear();
      marked.slots.length = 0;
      expect([marked.slab.usedBytes, marked.slab.heldBytes]).to.deep.equal([0, 0]);
      expect(marked.slab.allocate(16)).to.equal(1);
      marked.slab.clear();
    }
  });

  it('takes the memory again that clear let go', () => {
    const slab = new Slab();
    const fill = (): Set<ArrayBufferLike> => {
      const refs = Array.from({ length: 5000 }, () => slab.allocate(SLOT_BYTES_MAX));
      return new Set(refs.map((ref) => slab.bytes(ref).buffer));
    };
    const first = fill();
    expect(first.size).to.equal(3);
    slab.clear();
    expect([...fill()].filter((chunk) => !first.has(chunk))).to.deep.equal([]);
  });

  it('gives the memory of large records back to the system', () => {
    const slab = new Slab();
    const startBytes = process.memoryUsage.rss();
    let peakBytes = 0;
    for (let i = 0; i < 1500; i++) {
      const ref = slab.allocate(1_000_000 + (i % 7) * 1000);
      slab.bytes(ref).fill(1);
      slab.free(ref);
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
    }
    expect(peakBytes - startBytes).to.be.below(500_000_000);
  });

  it('asserts that a large record is freed once', () => {
    const slab = new Slab();
    const ref = slab.allocate(100_000);
    slab.free(ref);
    expect(() => slab.free(ref)).to.throw('freed once');
  });
});
