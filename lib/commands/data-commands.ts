/** Every command that reads or changes keys, by the files that they are in. */

import { bitfieldCommands } from './bitfield.js';
import { bitmapCommands } from './bitmap.js';
import type { Command } from './command.js';
import { compareAndSetCommands } from './compare-and-set.js';
import { counterCommands } from './counters.js';
import { databaseCommands } from './databases.js';
import { dumpCommands } from './dump.js';
import { expiryCommands } from './expiry.js';
import { hyperloglogCommands } from './hyperloglog.js';
import { hashCommands } from './hashes.js';
import { hashCounterCommands } from './hash-counters.js';
import { hashExpiryCommands } from './hash-expiry.js';
import { hashListingCommands } from './hash-listing.js';
import { geoSearchCommands } from './geo-search.js';
import { geoCommands } from './geo.js';
import { keyCommands } from './keys.js';
import { lcsCommands } from './lcs.js';
import { listMovingCommands } from './list-moving.js';
import { listPoppingCommands } from './list-popping.js';
import { listSearchingCommands } from './list-searching.js';
import { listCommands } from './lists.js';
import { movingCommands } from './moving.js';
import { objectCommands } from './object.js';
import { scanCommands } from './scan.js';
import { sortCommands } from './sort.js';
import { setOperationCommands } from './set-operations.js';
import { setSamplingCommands } from './set-sampling.js';
import { setCommands } from './sets.js';
import { sortedSetOperationCommands } from './sorted-set-operations.js';
import { sortedSetPoppingCommands } from './sorted-set-popping.js';
import { sortedSetRangeCommands } from './sorted-set-ranges.js';
import { sortedSetRemovingCommands } from './sorted-set-removing.js';
import { sortedSetSamplingCommands } from './sorted-set-sampling.js';
import { sortedSetCommands } from './sorted-sets.js';
import { stringRangeCommands } from './string-ranges.js';
import { stringCommands } from './strings.js';
import { versionCommands } from './versions.js';

export const dataCommands: readonly Command[] = [
  ...stringCommands,
  ...stringRangeCommands,
  ...counterCommands,
  ...compareAndSetCommands,
  ...versionCommands,
  ...lcsCommands,
  ...bitmapCommands,
  ...bitfieldCommands,
  ...hyperloglogCommands,
  ...hashCommands,
  ...hashListingCommands,
  ...hashCounterCommands,
  ...hashExpiryCommands,
  ...setCommands,
  ...setSamplingCommands,
  ...setOperationCommands,
  ...listCommands,
  ...listSearchingCommands,
  ...listPoppingCommands,
  ...listMovingCommands,
  ...sortedSetCommands,
  ...sortedSetRangeCommands,
  ...sortedSetRemovingCommands,
  ...sortedSetPoppingCommands,
  ...sortedSetOperationCommands,
  ...sortedSetSamplingCommands,
  ...geoCommands,
  ...geoSearchCommands,
  ...keyCommands,
  ...expiryCommands,
  ...movingCommands,
  ...scanCommands,
  ...sortCommands,
  ...objectCommands,
  ...dumpCommands,
  ...databaseCommands,
];
