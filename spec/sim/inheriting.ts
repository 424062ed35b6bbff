/** An object that is as `base` but for some methods. */
export function inheriting<T extends object>(base: T, overrides: Partial<T>): T {
  return Object.assign(Object.create(base) as T, overrides);
}
