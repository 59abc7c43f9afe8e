import type { I18n } from "./index";

const ANSWER = /^an answer of (.+)$/;
const PARTS = /^(\d+) parts$/;

/** What a run waits for, in the reader's language where the engine's words are known. */
export function waitsText(i18n: Pick<I18n, "t" | "word">, text: string): string {
  const answer = ANSWER.exec(text);
  if (answer) return i18n.t("waits.answer", { of: answer[1] ?? "" });
  const parts = PARTS.exec(text);
  if (parts) return i18n.t("waits.parts", { of: parts[1] ?? "" });
  return i18n.word("waits", text);
}
