/** The value of a command line's option as a whole number from 1 on. Throws an error fit for the user. */
export function positiveInteger(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${name} must be a whole number from 1 on, not '${text}'`);
  return value;
}

/** The value of an option that must be one of `names`. Throws an error fit for the user. */
export function oneOf<T extends string>(option: string, names: readonly T[], text: string): T {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new Error(`${option} must be among ${names.join(', ')}, not '${text}'`);
  return found;
}
