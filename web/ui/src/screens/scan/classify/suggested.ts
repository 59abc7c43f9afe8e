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

/** 2026-05-31, also typed as 20260531 or 2026/5/31; empty stays empty; null when it is no date. */
export function isoDate(typed: string): string | null {
  if (typed === "") return "";
  const found = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(typed) ?? /^(\d{4})(\d\d)(\d\d)$/.exec(typed);
  if (!found) return null;
  const iso = `${found[1]}-${found[2]?.padStart(2, "0")}-${found[3]?.padStart(2, "0")}`;
  const at = new Date(`${iso}T00:00:00Z`);
  return Number.isNaN(at.getTime()) || !at.toISOString().startsWith(iso) ? null : iso;
}
