import { useState } from "react";
import { problemFrom } from "@/app/load";
import { useI18n } from "@/i18n";

/** What went wrong, in one line with its code. */
export function useSaid(): {
  said: { text: string; bad: boolean };
  say: (text: string) => void;
  fail: (error: unknown) => void;
} {
  const { t } = useI18n();
  const [said, set] = useState({ text: "", bad: false });
  return {
    said,
    say: (text) => set({ text, bad: false }),
    fail: (error) => {
      const problem = problemFrom(error);
      const why = problem.status === 0 ? t("ui.unreachable") : problem.detail || problem.message;
      set({ text: `${why} ${problem.code}`.trim(), bad: true });
    },
  };
}

/** The line under a screen's head in which it answers. */
export function Said({ said }: { said: { text: string; bad: boolean } }) {
  return (
    <span aria-live="polite" className={said.bad ? "said err" : "said quiet"} data-testid="said">
      {said.text}
    </span>
  );
}
