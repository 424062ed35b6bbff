/**
 * Strict checks of parsed JSON: a value is exactly what was expected, or a ShapeError says where it is not, what was
 * expected and what was there. Unknown keys are errors: a newer program may have meant something by them.
 */

/** `place` is a path like `edit.added[2].level`. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';

  constructor(place: string, expected: string, found: unknown) {
    super(`${place}: expected ${expected}, found ${show(found)}`);
  }
}

/** Returns the value if it has the shape; throws ShapeError. */
export type Check<T> = (value: unknown, place: string) => T;

type Checks<T> = { readonly [K in keyof T]-?: Check<Exclude<T[K], undefined>> };

const SHOWN_CHARACTERS_MAX = 60;

/** A whole number in [min, max]. */
export function integer(min: number, max: number): Check<number> {
  return (value, place) => {
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    throw new ShapeError(place, `a whole number from ${min} to ${max}`, value);
  };
}

export const boolean: Check<boolean> = (value, place) => {
  if (typeof value === 'boolean') return value;
  throw new ShapeError(place, 'true or false', value);
};

export const text: Check<string> = (value, place) => {
  if (typeof value === 'string') return value;
  throw new ShapeError(place, 'a text', value);
};

export function list<T>(item: Check<T>): Check<T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) throw new ShapeError(place, 'a list', value);
    return value.map((each: unknown, index) => item(each, `${place}[${index}]`));
  };
}

/** An object with all keys of `required`, any of `optional`, and no others. */
export function object<R extends object, O extends object = object>(
  required: Checks<R>,
  optional?: Checks<O>,
): Check<R & Partial<O>> {
  const known = new Map<string, Check<unknown>>(Object.entries({ ...required, ...optional }));
  return (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ShapeError(place, 'an object', value);
    }
    const result: Record<string, unknown> = {};
    for (const [key, part] of Object.entries(value)) {
      const check = known.get(key);
      if (check === undefined) throw new ShapeError(`${place}.${key}`, 'no such key', part);
      result[key] = check(part, `${place}.${key}`);
    }
    for (const key of Object.keys(required)) {
      if (!Object.hasOwn(result, key)) throw new ShapeError(`${place}.${key}`, 'a value', undefined);
    }
    return result as R & Partial<O>;
  };
}

function show(value: unknown): string {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  return shown.length <= SHOWN_CHARACTERS_MAX ? shown : `${shown.slice(0, SHOWN_CHARACTERS_MAX)}...`;
}
