/** What the specs of lists in memory compare with: elements as objects in a plain array. */

import { expect } from 'chai';
import fc from 'fast-check';
import { ANCHOR_BYTES, ListSide, idBetween, writeAnchor } from '../../../lib/record/list-id.js';
import type { ListElement } from '../../../lib/storage/memory/list-element.js';

export interface ModelElement {
  readonly side: ListSide;
  readonly stamp: number;
  readonly origin: number;
  readonly gap: number;
  readonly pairStamp: number;
  readonly pairOrigin: number;
  /** The id, in hexadecimal. */
  readonly field: string;
  readonly payload: string;
}

const stamps = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));

/** Any element. Its place in a list says nothing of its id. */
export function elements(payloadMax: number): fc.Arbitrary<ModelElement> {
  const payloads = fc
    .tuple(fc.oneof({ weight: 6, arbitrary: fc.nat({ max: 40 }) }, fc.nat({ max: payloadMax })), fc.nat({ max: 255 }))
    .map(([length, byte]) => Buffer.alloc(length, byte).toString('hex'));
  return fc
    .record({
      side: fc.constantFrom(ListSide.RIGHT, ListSide.RIGHT, ListSide.LEFT, ListSide.BETWEEN),
      stamp: stamps,
      origin: fc.constantFrom(0, 0, 1, 65535),
      back: stamps,
      changedBy: fc.option(fc.tuple(stamps, fc.nat({ max: 65535 })), { freq: 3 }),
      payload: payloads,
    })
    .map(({ side, stamp, origin, back, changedBy, payload }) => ({
      side,
      stamp,
      origin,
      gap: back < stamp ? back : 0,
      pairStamp: changedBy?.[0] ?? stamp,
      pairOrigin: changedBy?.[1] ?? origin,
      field: fieldOf(side, stamp, origin).toString('hex'),
      payload,
    }));
}

function fieldOf(side: ListSide, stamp: number, origin: number): Buffer {
  if (side === ListSide.BETWEEN)
    return idBetween(anchor(ListSide.LEFT, 9, 0), anchor(ListSide.RIGHT, 9, 0), stamp, origin);
  return anchor(side, stamp, origin);
}

function anchor(side: ListSide, stamp: number, origin: number): Buffer {
  const field = Buffer.alloc(ANCHOR_BYTES);
  writeAnchor(field, 0, side, stamp, origin);
  return field;
}

/** Makes `element` what the model says. */
export function fill(element: ListElement, model: ModelElement): ListElement {
  const field = Buffer.from(model.field, 'hex');
  element.setField(field, 0, field.length);
  element.gap = model.gap;
  element.pairStamp = model.pairStamp;
  element.pairOrigin = model.pairOrigin;
  element.payload = Buffer.from(model.payload, 'hex');
  element.payloadStart = 0;
  element.payloadEnd = element.payload.length;
  return element;
}

/** What was read, as the model has it. */
export function modelOf(element: ListElement): ModelElement {
  const { side, stamp, origin, gap, pairStamp, pairOrigin } = element;
  const field = Buffer.alloc(element.fieldBytes);
  expect(element.copyField(field)).to.equal(field.length);
  return { side, stamp, origin, gap, pairStamp, pairOrigin, field: field.toString('hex'), payload: payloadOf(element) };
}

export function payloadOf({ payload, payloadStart, payloadEnd }: ListElement): string {
  return Buffer.from(payload.subarray(payloadStart, payloadEnd)).toString('hex');
}
