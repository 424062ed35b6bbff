/** The reply of INFO, by field. */

export class ServerInfo {
  readonly #fields = new Map<string, string>();

  /** Reads `field:value` lines; headings and empty lines are passed over. */
  constructor(text: string) {
    for (const line of text.split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0 && !line.startsWith('#')) this.#fields.set(line.slice(0, colon), line.slice(colon + 1));
    }
  }

  /** A field's value. Throws if there is none. */
  text(field: string): string {
    const value = this.#fields.get(field);
    if (value === undefined) throw new Error(`expected a field '${field}' in INFO, found none`);
    return value;
  }

  /** A field's value as a number. Throws if it is none. */
  number(field: string): number {
    const text = this.text(field);
    const value = Number(text);
    if (text === '' || !Number.isFinite(value))
      throw new Error(`expected a number in INFO's ${field}, found '${text}'`);
    return value;
  }

  /** The fields whose names match, in order, each as the match and its value. */
  matching(name: RegExp): [match: RegExpExecArray, value: string][] {
    return [...this.#fields].flatMap(([field, value]): [RegExpExecArray, string][] => {
      const match = name.exec(field);
      return match === null ? [] : [[match, value]];
    });
  }
}
