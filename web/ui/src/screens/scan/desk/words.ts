import type { Tone } from "@/parts/bits";
import type { Batch, BatchRow, BatchState } from "../types";

export const BATCH_TONES: Record<BatchState, Tone> = {
  open: "blue",
  stopped: "red",
  closed: "green",
  filed: "slate",
  cancelled: "slate",
};

/** Times of the scan desk are milliseconds; what shows them takes ISO texts. */
export const iso = (at: number | string): string =>
  typeof at === "number" ? new Date(at).toISOString() : at;

/** A name for people: the given one, or the end of the number. */
export const nameOf = (batch: Pick<BatchRow, "title" | "id">): string => batch.title || batch.id.slice(-6);

/** How far taking the files has come; null when nothing is on its way. */
export function progress(batch: Pick<Batch, "files">): { taken: number; pages: number } | null {
  const counted = batch.files.filter((file) => file.state !== "dismissed");
  if (!counted.some((file) => file.state === "taken")) return null;
  const taken = counted.reduce((sum, file) => sum + file.taken, 0);
  const pages = counted.reduce((sum, file) => sum + Math.max(file.pages, file.taken), 0);
  return { taken, pages };
}

/** The pages of documents, by page: the number of the document, and whether it begins there. */
export function placesOf(batch: Pick<Batch, "drafts">): Map<string, { n: number; first: boolean }> {
  const places = new Map<string, { n: number; first: boolean }>();
  for (const [at, draft] of batch.drafts.entries())
    for (const [nth, page] of draft.pages.entries()) places.set(page, { n: at + 1, first: nth === 0 });
  return places;
}
