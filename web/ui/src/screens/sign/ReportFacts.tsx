import { CheckCircleFilled, CloseCircleFilled } from "@ant-design/icons";
import { Alert, Button } from "antd";
import { Link } from "react-router";
import type { SignReport } from "@/api/types";
import { useI18n } from "@/i18n";
import { day } from "@/i18n/time";
import { Copy, Facts } from "@/parts/bits";

/** The order's fields that a physician compares, in this order; the rest is one click away. */
const FIRST = [
  "description",
  "id",
  "exam_id",
  "patient_name",
  "patient_id",
  "birth_date",
  "department_name",
  "doctor_name",
];

export function ReportFacts({ report, onReread }: { report: SignReport; onReread: () => void }) {
  const { t, word, locale } = useI18n();
  const { patient } = report;
  const compared = FIRST.flatMap((name): [string, string][] =>
    report.order[name] ? [[name, report.order[name]]] : [],
  );
  const rest = Object.entries(report.order).filter(([name]) => !FIRST.includes(name));
  const row = ([name, value]: [string, string]): [string, React.ReactNode] => [
    word("order", name),
    <bdi key={name}>{value}</bdi>,
  ];
  return (
    <div className="report-facts">
      {patient ? (
        <div className="who">
          <div className="row">
            <Link to={`/patients/${patient.id}`} className="name plain">
              <bdi>{patient.name}</bdi>
            </Link>
            <span className="quiet">
              {word("sex", patient.sex)}
              {patient.birth_date && ` · ${day(locale, patient.birth_date)}`}
            </span>
          </div>
          <span className="row mono">
            {patient.number}
            <Copy text={patient.number} label={t("patient.number")} />
          </span>
        </div>
      ) : (
        <Alert type="error" showIcon title={t("report.nopatient")} />
      )}
      {report.blocked && (
        <div className="result note" role="status">
          <span className="strong">{t("report.changed")}</span>
          <span>{report.blocked}</span>
          <span>
            <Button size="small" onClick={onReread} data-testid="reread">
              {t("report.reread")}
            </Button>
          </span>
        </div>
      )}
      <section>
        <h2>{t("report.matches")}</h2>
        <ul className="matches" data-testid="matches">
          {report.matches.map((match) => (
            <li key={match.rule} className={match.ok ? "ok" : "red"}>
              {match.ok ? <CheckCircleFilled aria-hidden="true" /> : <CloseCircleFilled aria-hidden="true" />}
              <span>
                <span className="hidden">{match.ok ? t("report.match.ok") : t("report.match.red")} </span>
                {match.ok ? wordOr(word, match.rule, match.text) : <b>{match.text}</b>}
              </span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>{t("report.order")}</h2>
        <Facts rows={compared.map(row)} />
        {rest.length > 0 && (
          <details className="rest">
            <summary>{t("report.more", { n: rest.length })}</summary>
            <Facts rows={rest.map(row)} />
          </details>
        )}
      </section>
    </div>
  );
}

function wordOr(word: (family: string, word: string) => string, rule: string, text: string): string {
  const known = word("match", rule);
  return known === rule ? text : known;
}
