import { Button } from "antd";
import { useI18n } from "@/i18n";
import { moment } from "@/i18n/time";
import { Tag } from "@/parts/bits";
import { iso } from "../../scan/desk/words";
import type { DocumentFlag } from "../types";

interface Props {
  flags: readonly DocumentFlag[];
  mayAnswer: boolean;
  onAnswer: (flag: DocumentFlag) => void;
  onPage: (n: number) => void;
}

/** What readers marked as wrong on this document: who, when, why, and what came of it. */
export function Flags({ flags, mayAnswer, onAnswer, onPage }: Props) {
  const { t } = useI18n();
  if (!flags.length) return null;
  // red only while somebody has to answer
  const waiting = flags.some((flag) => !flag.answer);
  return (
    <ul className={waiting ? "flags waiting" : "flags"} aria-label={t("flag.list")} data-testid="flags">
      {flags.map((flag) => (
        <li key={flag.id} data-testid="flag">
          <Mark flag={flag} onPage={onPage} />
          {flag.answer ? (
            <Answer flag={flag} />
          ) : (
            mayAnswer && (
              <Button size="small" onClick={() => onAnswer(flag)} data-testid="answer-flag">
                {t("flag.answer")} <kbd>y</kbd>
              </Button>
            )
          )}
        </li>
      ))}
    </ul>
  );
}

function Mark({ flag, onPage }: { flag: DocumentFlag; onPage: (n: number) => void }) {
  const { t, locale } = useI18n();
  const { n } = flag;
  return (
    <span className="grow">
      <Tag tone={flag.answer ? "slate" : "red"}>{t(`flag.reason.${flag.reason}`)}</Tag>{" "}
      {n !== null ? (
        <button type="button" className="as-link" onClick={() => onPage(n)}>
          {t("scan.page.n", { n })}
        </button>
      ) : (
        t(flag.whole ? "flag.whole" : "flag.left")
      )}{" "}
      {flag.note && <span>“{flag.note}” </span>}
      <span className="quiet nowrap">
        <bdi>{flag.by.name || flag.by.login}</bdi>, {moment(locale, iso(flag.at))}
      </span>
    </span>
  );
}

function Answer({ flag }: { flag: DocumentFlag }) {
  const { t, locale } = useI18n();
  if (!flag.answer || flag.answered_at === null) return null;
  return (
    <span data-testid="flag-answer">
      <Tag tone="green">{t(`flag.answer.${flag.answer}`)}</Tag> <span>“{flag.answer_note}” </span>
      <span className="quiet nowrap">
        <bdi>{flag.answered_by?.name || flag.answered_by?.login}</bdi>,{" "}
        {moment(locale, iso(flag.answered_at))}
      </span>
    </span>
  );
}
