import { api } from "@/api/api";
import type { AttentionGroup, AttentionItem, Search } from "@/api/types";
import type { Key } from "@/i18n";

export type Deed =
  | "retry"
  | "arrived"
  | "again"
  | "ask"
  | "acknowledge"
  | "note"
  | "ignore"
  | "apply"
  | "anew";

interface DeedWords {
  key: string;
  title: Key;
  help: Key;
  explain: Key;
  dialog: boolean;
  danger?: boolean;
  /** Done for every item of the cause, after showing how many. */
  group?: boolean;
}

/** What a person may do with an entry, with its key. */
export const DEEDS: Record<Deed, DeedWords> = {
  arrived: { key: "y", title: "act.arrived", help: "act.arrived", explain: "explain.arrived", dialog: true },
  again: {
    key: "Y",
    title: "act.again",
    help: "act.again",
    explain: "explain.again",
    dialog: true,
    danger: true,
  },
  ask: { key: "q", title: "act.ask", help: "act.ask", explain: "explain.ask", dialog: true },
  retry: {
    key: "r",
    title: "act.retrygroup",
    help: "act.retrygroup",
    explain: "explain.retry",
    dialog: true,
    group: true,
  },
  apply: { key: "p", title: "act.apply", help: "act.apply", explain: "explain.apply", dialog: true },
  anew: {
    key: "w",
    title: "act.anew",
    help: "act.anew",
    explain: "explain.anew",
    dialog: true,
    danger: true,
  },
  ignore: { key: "i", title: "act.ignore", help: "act.ignore", explain: "explain.ignore", dialog: true },
  acknowledge: {
    key: "a",
    title: "act.acknowledge",
    help: "act.acknowledge",
    explain: "explain.acknowledge",
    dialog: false,
  },
  note: { key: "n", title: "act.note", help: "act.note", explain: "explain.acknowledge", dialog: true },
};

/** The deeds that fit a cause: doubt is answered, what is dead is tried again, the rest closes by the server's answers. */
export function deedsOf(group: AttentionGroup): Deed[] {
  const deeds: Deed[] = [];
  const runs = group.items.some((item) => item.run_id);
  if (group.kind === "doubt") deeds.push("arrived", "again", "ask");
  else if (["dead", "held", "stopped", "bug"].includes(group.kind) && runs) deeds.push("retry");
  for (const answer of ["apply", "anew", "ignore"] as const) {
    if (group.answers.includes(answer)) deeds.push(answer);
  }
  return [...deeds, "acknowledge", "note"];
}

export async function perform(deed: Deed, item: AttentionItem, note: string): Promise<void> {
  if (deed === "acknowledge" || deed === "note") await api.acknowledge(item.id, note);
  else if (deed === "apply" || deed === "anew" || deed === "ignore")
    await api.closeAttention(item.id, deed, note);
  else if (!item.run_id) return;
  else if (deed === "retry") await api.retry(item.run_id, note);
  else await api.doubt(item.run_id, deed, note);
}

/** The runs of a whole cause, for an act with a preview; null where it is about no runs. */
export function runsOf(group: AttentionGroup): Partial<Search> | null {
  if (group.kind !== "dead" && group.kind !== "held") return null;
  const filter: Partial<Search> = { state: [group.kind] };
  if (group.route) filter.route = [group.route];
  if (group.step) filter.step = [group.step];
  if (group.code) filter.code = group.code;
  return filter;
}

/** Where an entry is looked into. */
export function targetOf(item: AttentionItem | undefined): string | null {
  if (item?.run_id) return `/engine/runs/${item.run_id}`;
  if (item?.message_id) return `/engine/messages/${item.message_id}`;
  if (item?.file_id) return "/engine/unmatched";
  return null;
}
