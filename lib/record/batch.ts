export * from './batch-format.js';
export * from './batch-reader.js';
export * from './entry-of-record.js';
export * from './write-batch.js';
export type { StringHead } from './change-writer.js';
