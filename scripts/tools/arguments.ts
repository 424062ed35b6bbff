/** The value of a command line's option as a whole number from 1 on. Throws an error fit for the user. */
export function positiveInteger(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${name} must be a whole number from 1 on, not '${text}'`);
  return value;
}
