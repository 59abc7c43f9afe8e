import type { Waybill } from "@/api/types";
import type { I18n, Key } from "@/i18n";
import { en } from "@/i18n/en";
import { waitsText } from "@/i18n/waits";

/** Where it stands, in the reader's language; the server's own line where the state is unknown to us. */
export function sayLine(run: Waybill, i18n: Pick<I18n, "t" | "word">): string {
  const key = keyOf(run);
  return key in en
    ? i18n.t(key as Key, { step: run.step ?? "", what: waitsText(i18n, run.line.waits_for) })
    : run.line.text;
}

function keyOf(run: Waybill): string {
  if (run.state !== "waiting") return `say.${run.state}`;
  if (run.line.may.includes("choose")) return "say.file";
  const verb = run.steps.find((step) => step.state === "current")?.verb;
  if (verb === "sign") return "say.sign";
  return run.line.waits_for ? "say.waiting" : "";
}

/** A reason with its code before it, once. */
export const withCode = (code: string, reason: string): string =>
  reason.startsWith(code) ? reason : `${code} ${reason}`.trim();

/** Why, in one line: the code and the reason of the newest trouble. */
export function sayWhy(run: Waybill): string {
  const open = run.attention.at(-1);
  if (open) return withCode(open.code, open.reason);
  const trouble = run.effects.findLast((effect) => effect.reason && effect.state !== "done");
  if (trouble) return withCode(trouble.code, trouble.reason);
  if (run.message?.reason && !run.steps.length) return withCode(run.message.code, run.message.reason);
  return "";
}
