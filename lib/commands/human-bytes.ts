const UNITS = ['K', 'M', 'G', 'T', 'P'];

/** Bytes for people, as in INFO: `512B`, `1.00K`, `23.54G`. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit + 1 < UNITS.length) {
    value /= 1024;
    unit++;
  }
  return value.toFixed(2) + UNITS[unit];
}
