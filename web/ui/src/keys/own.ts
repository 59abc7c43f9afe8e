/** A person's own keys: `{pressed: meant}`, pairs of keys that have changed places. */
export type OwnKeys = Readonly<Record<string, string>>;

/** With these two in each other's place; a pair that either was in before is as it was. */
export function swapped(keys: OwnKeys, one: string, other: string): Record<string, string> {
  return { ...unswapped(unswapped(keys, one), other), [one]: other, [other]: one };
}

/** Without the pair of this key. */
export function unswapped(keys: OwnKeys, one: string): Record<string, string> {
  const other = keys[one];
  return Object.fromEntries(Object.entries(keys).filter(([pressed]) => pressed !== one && pressed !== other));
}

/** What is to be pressed for keys as the screens write them: `g t`, `Ctrl+Enter`. */
export function pressedFor(keys: OwnKeys, written: string): string {
  if (written.length === 1) return keys[written] ?? written;
  return written
    .split(" ")
    .map((part) => (part.length === 1 ? (keys[part] ?? part) : part))
    .join(" ");
}
