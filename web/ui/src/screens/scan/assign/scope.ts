import type { Page, PatientBrief } from "../types";

/** What a patient is given to: the document at hand, one page, all from here, the batch, or a range by Shift. */
export const SCOPES = ["document", "page", "rest", "all"] as const;
export type Scope = (typeof SCOPES)[number] | "range";

/** What `F2` makes of it. */
export const afterScope = (scope: Scope): Scope =>
  SCOPES[((SCOPES as readonly string[]).indexOf(scope) + 1) % SCOPES.length] ?? "document";

export interface Range {
  from: number;
  to: number;
}

/** From where to where the pages lie that are meant. */
export function reach(pages: readonly Page[], at: number, scope: Scope, anchor: number): Range {
  if (scope === "all") return { from: 0, to: pages.length - 1 };
  if (scope === "rest") return { from: at, to: pages.length - 1 };
  if (scope === "page") return { from: at, to: at };
  if (scope === "range") return { from: Math.min(at, anchor), to: Math.max(at, anchor) };
  return group(pages, at);
}

/** The pages of the same document around this one; without documents those that have the same patient, or none. */
export function group(pages: readonly Page[], at: number): Range {
  const here = pages[at];
  const belongs = (page: Page | undefined) =>
    page !== undefined &&
    page.draft === here?.draft &&
    (here?.draft !== null || page.patient?.id === here?.patient?.id);
  let from = at;
  let to = at;
  while (belongs(pages[from - 1])) from -= 1;
  while (belongs(pages[to + 1])) to += 1;
  return { from, to };
}

/** Where the next page without a patient is: after here, or else before; null when there is none. */
export function nextUnassigned(pages: readonly Page[], after: number): number | null {
  const open = (page: Page) => !page.patient;
  const later = pages.findIndex((page, at) => at > after && open(page));
  if (later >= 0) return later;
  const earlier = pages.findIndex((page, at) => at < after && open(page));
  return earlier >= 0 ? earlier : null;
}

const SHEETS: ReadonlySet<Page["state"]> = new Set(["header", "separator", "label"]);

/** The patient of the nearest page before this one that has one; null behind a sheet of ours (or what looks like one):
 * there another document begins, which may be anybody's. */
export function sameAsBefore(all: readonly Page[], id: string | undefined): PatientBrief | null {
  for (let at = all.findIndex((page) => page.id === id) - 1; at >= 0; at -= 1) {
    const page = all[at];
    if (!page || SHEETS.has(page.state) || page.flags.includes("sheet")) return null;
    if (page.patient) return page.patient;
  }
  return null;
}

/** What a hand scanner wrote: what follows its prefix; null when a person typed. */
export function scannedText(text: string, prefix: string): string | null {
  const at = prefix ? text.lastIndexOf(prefix) : -1;
  return at < 0 ? null : text.slice(at + prefix.length);
}
