import { RING_CHANGED } from '../../commands/error-texts.js';

/** What nothing was done of is answered so: by a member that does not act for the keys, by its ring; and by a session that could not be made. */
export const RING_CHANGED_REPLY = Buffer.from(`-${RING_CHANGED}\r\n`);
