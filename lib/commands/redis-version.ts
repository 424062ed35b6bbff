/** The version of Redis whose clients find everything that they expect: what INFO and HELLO say. */
export const REDIS_VERSION = '7.2.4';
