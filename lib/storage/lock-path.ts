/** The lock of a data directory: whoever writes to it holds that (Disk.lock). */
export function lockPath(directory: string): string {
  return `${directory}/lock`;
}
