import type { Draft, DraftFields, SuggestedValue } from "../types";

/** Names of values that are fields of a document; all others are its details. */
const FIELDS = ["date", "department", "author", "title", "episode"] as const;
type Field = (typeof FIELDS)[number];

const isField = (name: string): name is Field => (FIELDS as readonly string[]).includes(name);

const has = (draft: Draft, name: string): string =>
  isField(name) ? draft[name] : String(draft.details[name] ?? "");

/** The accepted values, as the texts that they are. */
export const detailsOf = (draft: Draft): Record<string, string> =>
  Object.fromEntries(Object.entries(draft.details).map(([name, value]) => [name, String(value ?? "")]));

/** What was read on the pages and nobody has accepted yet: one value a name, the first read. */
export function waiting(draft: Draft): SuggestedValue[] {
  const seen = new Set<string>();
  return (draft.suggested.values ?? []).filter((value) => {
    if (seen.has(value.name) || has(draft, value.name)) return false;
    seen.add(value.name);
    return true;
  });
}

/** The change that accepts these values. */
export function accepting(draft: Draft, values: readonly SuggestedValue[]): DraftFields {
  const fields: DraftFields = {};
  let details: Record<string, string> | undefined;
  for (const { name, value } of values) {
    if (isField(name)) fields[name] = value;
    else details = { ...(details ?? detailsOf(draft)), [name]: value };
  }
  return details ? { ...fields, details } : fields;
}
