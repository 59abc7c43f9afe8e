import { useI18n } from "@/i18n";
import { day } from "@/i18n/time";
import type { PatientBrief } from "../types";

/** Name, birth date and sex, large: what is compared with the paper before Enter. */
export function Echo({ patient, note }: { patient: PatientBrief; note?: string }) {
  const { t, word, locale } = useI18n();
  return (
    <div className="echo" role="status" data-testid="echo">
      <bdi className="echo-name">{patient.name || t("worklist.noname")}</bdi>
      <span className="echo-more">
        <b>{patient.birth_date ? day(locale, patient.birth_date) : "–"}</b>
        <b>{word("sex", patient.sex) || "–"}</b>
        <span className="mono">{patient.number}</span>
      </span>
      {note && <span className="small">{note}</span>}
    </div>
  );
}

export function PatientLine({ patient }: { patient: PatientBrief }) {
  const { word, locale } = useI18n();
  return (
    <span className="two">
      <bdi className="strong whole-name">{patient.name}</bdi>
      <span className="small quiet">
        {patient.birth_date ? day(locale, patient.birth_date) : ""} {word("sex", patient.sex)}{" "}
        <span className="mono">{patient.number}</span>
      </span>
    </span>
  );
}
