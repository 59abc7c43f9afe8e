import type { Batch, Page } from "../types";

/** Among a page's flags: what is scanned next goes before it. It is a place, not something conspicuous. */
const INSERT = "insert";
/** Of a sheet that we printed nobody needs to know how it was scanned. */
const RECORD: ReadonlySet<Page["state"]> = new Set(["kept", "rescan"]);

/** What is conspicuous about a page. */
export const flagsOf = (page: Pick<Page, "flags">): string[] => page.flags.filter((flag) => flag !== INSERT);

/** Who flagged it: a person, or, as long as it is of the record, the machine. */
export const flaggedBy = (page: Pick<Page, "flags" | "state">): { person: boolean; machine: boolean } => ({
  person: page.flags.includes("flag"),
  machine: RECORD.has(page.state) && flagsOf(page).some((flag) => flag !== "flag"),
});

const isFlagged = (page: Pick<Page, "flags" | "state">): boolean => {
  const by = flaggedBy(page);
  return by.person || by.machine;
};

/** What is scanned next goes before this one. */
export const isPlace = (page: Pick<Page, "flags">): boolean => page.flags.includes(INSERT);

/** The same with the place here, or nowhere. */
export const withPlace = <P extends Pick<Page, "flags">>(page: P, here: boolean): P =>
  isPlace(page) === here ? page : { ...page, flags: here ? [...page.flags, INSERT] : flagsOf(page) };

/** Which flagged page comes after (or before) this place, round the end: its place, and which of how many it is. */
export function nextFlagged(
  pages: Batch["pages"],
  at: number,
  by: 1 | -1,
): { at: number; n: number; of: number } | null {
  const all = pages.flatMap((page, place) => (isFlagged(page) ? [place] : []));
  if (!all.length) return null;
  const n = by > 0 ? all.findIndex((place) => place > at) : all.findLastIndex((place) => place < at);
  const found = n >= 0 ? n : by > 0 ? 0 : all.length - 1;
  return { at: all[found] ?? 0, n: found + 1, of: all.length };
}
