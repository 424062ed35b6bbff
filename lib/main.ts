#!/usr/bin/env node
/** The executable: has the runtime collect garbage as it is to, before there is any, and becomes the program. */

import { collectOnOwnThread } from './host/node-collector.js';

collectOnOwnThread();
await import('./program.js');
