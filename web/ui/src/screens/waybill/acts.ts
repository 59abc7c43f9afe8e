import { api } from "@/api/api";
import type { Waybill } from "@/api/types";
import type { Key } from "@/i18n";

export type Act =
  | "retry"
  | "retry_from"
  | "edit"
  | "release"
  | "cancel"
  | "arrived"
  | "again"
  | "ask"
  | "sign";

interface ActWords {
  key: string;
  title: Key;
  help: Key;
  explain: Key;
  danger?: boolean;
}

/** What a person may do with a run, with its key. */
export const ACTS: Record<Act, ActWords> = {
  retry: { key: "r", title: "act.retry", help: "act.retry", explain: "explain.retry" },
  retry_from: { key: "R", title: "act.retryfrom", help: "keys.retryfrom", explain: "explain.retryfrom" },
  edit: { key: "e", title: "act.edit", help: "keys.edit", explain: "edit.recorded" },
  arrived: { key: "y", title: "act.arrived", help: "act.arrived", explain: "explain.arrived" },
  again: { key: "Y", title: "act.again", help: "act.again", explain: "explain.again", danger: true },
  ask: { key: "q", title: "act.ask", help: "act.ask", explain: "explain.ask" },
  release: {
    key: "l",
    title: "act.release",
    help: "keys.release",
    explain: "explain.release",
    danger: true,
  },
  sign: { key: "s", title: "act.sign", help: "keys.sign.open", explain: "explain.retry" },
  cancel: {
    key: "c",
    title: "act.cancelrun",
    help: "act.cancelrun",
    explain: "explain.cancel",
    danger: true,
  },
};

export const isAct = (word: string): word is Act => word in ACTS;

/** The acts that the server allows, in a fixed order. */
export function actsOf(run: Waybill): Act[] {
  const may = new Set(run.line.may);
  return (Object.keys(ACTS) as Act[]).filter((act) => may.has(act));
}

/** Acts with a dialog of their own. */
export type Special = "sign" | "retry_from" | "edit";
export const isSpecial = (act: Act): act is Special =>
  act === "sign" || act === "retry_from" || act === "edit";

export function perform(act: Exclude<Act, Special>, run: string, note: string): Promise<unknown> {
  if (act === "retry") return api.retry(run, note);
  if (act === "release") return api.release(run, note);
  if (act === "cancel") return api.cancelRun(run, note);
  return api.doubt(run, act, note);
}
