/** A list as its rows: what of a row is sent, where it is moved, what a new one begins with. */
import type { Department, Kind, Lists, Station } from "../../scan/types";

export type ListName = "kinds" | "departments" | "stations";
export type ListRow = Kind | Department | Station;

/** Rows are sent in their order, so their places are not. */
export function sent(row: ListRow): Record<string, unknown> {
  const { position: _, ...said } = row as Kind;
  return said;
}

export const same = (one: ListRow, other: ListRow): boolean => canon(sent(one)) === canon(sent(other));

/** JSON whose keys stand in one order, whoever wrote it. */
function canon(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** As it is saved: without spaces around texts, and without names that are empty. */
export function trimmed(row: ListRow): ListRow {
  const clean = Object.entries(row).map(([key, value]) => [
    key,
    typeof value === "string" ? value.trim() : value,
  ]);
  const said = Object.fromEntries(clean) as ListRow;
  if (!("names" in said)) return said;
  const names = Object.entries(said.names).map(([language, name]) => [language, name.trim()]);
  return { ...said, names: Object.fromEntries(names.filter(([, name]) => name)) };
}

/** The rows with the one at `from` standing at `to`. */
export function moved(rows: readonly ListRow[], from: number, to: number): ListRow[] {
  const after = [...rows];
  const [row] = after.splice(from, 1);
  if (row) after.splice(to, 0, row);
  return after;
}

/** The rows with this one in the place of the one of its code, or at the end. */
export function put(rows: readonly ListRow[], row: ListRow): ListRow[] {
  return rows.some((one) => one.code === row.code)
    ? rows.map((one) => (one.code === row.code ? row : one))
    : [...rows, row];
}

export function blank(name: ListName): ListRow {
  if (name === "stations") return { code: "", title: "", languages: "eng", options: {}, active: true };
  const row = { code: "", names: {}, position: 0, active: true };
  if (name === "departments") return row;
  return { ...row, family: "", loinc: "", kdl: "", department: "", threshold: null, values: [] };
}

export const rowsOf = (lists: Lists, name: ListName): readonly ListRow[] => lists[name];

/** Options of a station that have no field of their own, a line each. */
export const OWN = ["sides", "prefix"];
export function optionLines(options: Station["options"]): string {
  return Object.entries(options)
    .filter(([name]) => !OWN.includes(name))
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join("\n");
}

export function optionsFrom(lines: string, options: Station["options"]): Record<string, string> {
  const own = Object.entries(options).filter(([name, value]) => OWN.includes(name) && value !== "");
  const others = lines
    .split("\n")
    .filter((line) => line.trim())
    .map((line) => {
      const [name = "", ...rest] = line.split(":");
      return [name.trim(), rest.join(":").trim()];
    });
  return Object.fromEntries([...own, ...others]);
}
