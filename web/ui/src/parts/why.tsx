import { useCallback } from "react";
import type { Problem } from "@/api/client";
import type { Language } from "@/api/types";
import { problemFrom } from "@/app/load";
import { DICTIONARIES, useI18n, wordOf } from "@/i18n";

export interface Reason {
  code: string;
  /** The server's own words, which are English. */
  reason: string;
}

interface Said {
  text: string;
  /** What the server's words say beyond the code's, in English. */
  detail: string;
}

/** A reason of the server by its code, in the user's language. English has the server's own words, which say more. */
export function whyIn(language: Language, { code, reason }: Reason): Said {
  const words = DICTIONARIES[language];
  const known = (of: string) => {
    const found = wordOf(words, "code", of);
    return found === of ? "" : found;
  };
  const text = known(code);
  if (!text || (language === "en" && reason)) return { text: reason, detail: "" };
  const numbers = reason.match(/\d+/g) ?? [];
  const exact = known(`${code}.numbers`);
  const marks = exact.match(/\{\d\}/g) ?? [];
  if (exact && marks.length === numbers.length)
    return { text: exact.replace(/\{(\d)\}/g, (_, nth) => numbers[Number(nth) - 1] ?? ""), detail: "" };
  return { text, detail: reason };
}

/** A failed call in one line: in the user's language where its code has words, the code at the end. */
export function useFailure(): (error: unknown) => string {
  const { t, language } = useI18n();
  return useCallback(
    (error) => {
      const problem: Problem = problemFrom(error);
      if (problem.status === 0) return t("ui.unreachable");
      const { code, detail, message } = problem;
      const said = whyIn(language, { code, reason: detail || message });
      return `${said.text}${said.detail && ` (${said.detail})`} ${code}`.trim();
    },
    [t, language],
  );
}

/** Why something is as it is: words, the server's own smaller beside them, the code. */
export function Why({ code, reason, brief }: Reason & { brief?: boolean }) {
  const { language } = useI18n();
  const { text, detail } = whyIn(language, { code, reason });
  return (
    <>
      {text}{" "}
      {detail && !brief && (
        <span className="quiet small" lang="en">
          {detail}{" "}
        </span>
      )}
      {code && <span className="mono quiet small">{code}</span>}
    </>
  );
}
