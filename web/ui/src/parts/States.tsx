import { Button } from "antd";
import type { ReactNode } from "react";
import type { Problem } from "@/api/client";
import type { Loaded } from "@/app/load";
import { useI18n } from "@/i18n";
import { whyIn } from "./why";

export function Skeleton({ lines = 6 }: { lines?: number }) {
  const { t } = useI18n();
  return (
    <div className="skeleton" role="status" aria-label={t("ui.loading")}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change
        <i key={line} style={{ width: `${92 - ((line * 17) % 45)}%` }} />
      ))}
    </div>
  );
}

/** Nothing here, and what would fill it. */
export function Empty({ title, hint }: { title: string; hint: string }) {
  return (
    <div className="state">
      <Glyph />
      <div className="title">{title}</div>
      <p>{hint}</p>
    </div>
  );
}

/** What went wrong, with its code; 403 names the right that is missing. */
export function Failure({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  const { t, word, language } = useI18n();
  const { code, detail } = problem;
  return (
    <div className="state" role="alert">
      <div className="title">{titleOf(problem, t)}</div>
      {problem.status === 403 && problem.right ? (
        <p>{t("ui.right", { right: word("right", problem.right) })}</p>
      ) : (
        <p>
          {whyIn(language, { code, reason: detail }).text ||
            (problem.status === 0 ? t("ui.unreachable.hint") : "")}
        </p>
      )}
      {problem.code && <span className="mono quiet">{problem.code}</span>}
      {onRetry && problem.status !== 403 && <Button onClick={onRetry}>{t("act.reload")}</Button>}
    </div>
  );
}

function titleOf(problem: Problem, t: ReturnType<typeof useI18n>["t"]): string {
  if (problem.status === 0) return t("ui.unreachable");
  if (problem.status === 403) return t("ui.forbidden");
  if (problem.status === 404) return t("ui.notfound");
  return problem.message || t("ui.failed");
}

/** Shows what was loaded, or its skeleton, or its failure; a failed reload keeps what was there and says so. */
export function Show<T>({
  of,
  lines,
  children,
}: {
  of: Loaded<T>;
  lines?: number;
  children: (data: T) => ReactNode;
}) {
  const { t } = useI18n();
  if (of.data === null) {
    return of.problem ? <Failure problem={of.problem} onRetry={of.reload} /> : <Skeleton lines={lines} />;
  }
  return (
    <>
      {of.problem && (
        <div className="lost row" role="alert">
          {t("ui.stale")} <span className="mono">{of.problem.code}</span>
          <Button size="small" onClick={of.reload}>
            {t("act.reload")}
          </Button>
        </div>
      )}
      {children(of.data)}
    </>
  );
}

function Glyph() {
  return (
    <svg
      className="glyph"
      width="56"
      height="40"
      viewBox="0 0 56 40"
      fill="none"
      stroke="currentColor"
      aria-hidden="true"
    >
      <rect x="1" y="1" width="54" height="38" rx="5" strokeWidth="2" />
      <path d="M40 1v38" strokeWidth="2" strokeDasharray="3 3" />
      <path d="M8 10h22M8 17h16" strokeWidth="2" strokeLinecap="round" />
      <path d="M8 26v6M11 26v6M15 26v6M18 26v6M23 26v6" strokeWidth="2" />
    </svg>
  );
}
