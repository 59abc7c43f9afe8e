import { turned } from "../page/shape";
import type { ActAsked, Batch, Changed, Page, PageState } from "../types";
import { withPlace } from "./flags";

/** A page as it is shown: `made` is the recipe of the picture that the server has while an act is on its way. */
export type ShownPage = Page & { made?: Page["recipe"] };
export type ShownBatch = Omit<Batch, "pages"> & { pages: ShownPage[] };

const STATES: Partial<Record<ActAsked["act"], PageState>> = {
  drop: "dropped",
  blank: "blank",
  keep: "kept",
  rescan: "rescan",
};

/** The batch as it will be when the act is done: shown at once, taken back when the server refuses. */
export function foresee(batch: ShownBatch, ask: ActAsked): ShownBatch {
  const touched = new Set(ask.pages);
  if (ask.act === "move") return { ...batch, pages: moved(batch.pages, touched, ask.before ?? null) };
  if (ask.act === "insert")
    return { ...batch, pages: batch.pages.map((page) => withPlace(page, page.id === ask.before)) };
  const change = changeOf(ask);
  if (!change) return batch;
  return { ...batch, pages: batch.pages.map((page) => (touched.has(page.id) ? change(page) : page)) };
}

function changeOf(ask: ActAsked): ((page: ShownPage) => ShownPage) | null {
  const state = STATES[ask.act];
  if (state) return (page) => ({ ...page, state, reason: ask.reason ?? "" });
  switch (ask.act) {
    case "rotate":
      return (page) => recut(page, turned(page.recipe, ask.by ?? 90));
    case "crop":
      return (page) => recut(page, { ...page.recipe, crop: ask.box ?? null });
    case "deskew":
      return (page) => recut(page, { ...page.recipe, deskew: ask.angle ?? page.skew });
    case "contrast":
      return (page) => recut(page, { ...page.recipe, contrast: ask.level ?? 0 });
    case "flag":
      return (page) => ({
        ...page,
        flags: [...page.flags.filter((flag) => flag !== "flag"), ...(ask.on === false ? [] : ["flag"])],
      });
    default:
      return null;
  }
}

const recut = (page: ShownPage, recipe: Page["recipe"]): ShownPage => ({
  ...page,
  recipe,
  made: page.made ?? page.recipe,
});

function moved(pages: ShownPage[], touched: Set<string>, before: string | null): ShownPage[] {
  const taken = pages.filter((page) => touched.has(page.id));
  const rest = pages.filter((page) => !touched.has(page.id));
  const at = before === null ? rest.length : rest.findIndex((page) => page.id === before);
  return at < 0 ? pages : [...rest.slice(0, at), ...taken, ...rest.slice(at)];
}

/** What the server said an act changed, in the batch that is shown. */
export function merge(batch: Batch, changed: Changed): Batch {
  const news = new Map(changed.pages.map((page) => [page.id, page]));
  const known = new Set(batch.pages.map((page) => page.id));
  const pages = [
    ...batch.pages.map((page) => news.get(page.id) ?? page),
    ...changed.pages.filter((page) => !known.has(page.id)),
  ].sort((a, b) => a.position - b.position);
  return {
    ...batch,
    version: changed.version,
    ledger: changed.ledger,
    drafts: changed.drafts,
    proposals: changed.proposals,
    pages,
    unassigned: pages.filter((page) => page.state === "kept" && !page.patient).length,
    acts: changed.act ? [...batch.acts.filter((act) => act.id !== changed.act?.id), changed.act] : batch.acts,
    can: { ...batch.can, close: batch.state === "open" && batch.can.edit && changed.ledger.balances },
  };
}
