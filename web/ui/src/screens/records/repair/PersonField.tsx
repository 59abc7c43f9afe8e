import { Button, Input, type InputRef } from "antd";
import { type RefObject, useEffect, useState } from "react";
import { useI18n } from "@/i18n";
import { Echo, PatientLine } from "../../scan/assign/Echo";
import type { PatientBrief } from "../types";
import { usePeople } from "../usePeople";

interface Props {
  id: string;
  label: string;
  field: RefObject<InputRef | null>;
  patient: PatientBrief | null;
  hint: string;
  digit: string;
  onPatient: (patient: PatientBrief | null) => void;
}

/** Whose: found by number, name or birth date, or scanned; then name, birth date and sex are echoed, large. */
export function PersonField({ id, label, field, patient, hint, digit, onPatient }: Props) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const [pick, setPick] = useState(0);
  const people = usePeople(text.trim());
  const found = people.found ?? [];
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text, another list
  useEffect(() => setPick(0), [text]);
  const take = (one: PatientBrief | undefined) => {
    if (!one) return;
    onPatient(one);
    setText("");
    field.current?.blur();
  };
  return (
    <div className="person-field" data-testid={`person-${id}`}>
      <label htmlFor={`person-${id}`} className="row">
        <b className="grow">{label}</b>
        <kbd>{digit}</kbd>
      </label>
      {patient ? (
        <>
          <Echo patient={patient} />
          <Button size="small" type="text" onClick={() => onPatient(null)}>
            {t("repair.other")}
          </Button>
        </>
      ) : (
        <>
          <Input
            ref={field}
            id={`person-${id}`}
            autoComplete="off"
            maxLength={100}
            placeholder={t("scan.field")}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.nativeEvent.isComposing) return;
              if (event.key === "Enter" && !event.ctrlKey) take(found[pick]);
              else if (event.key === "Escape") event.currentTarget.blur();
              else if (event.key === "ArrowDown") setPick((old) => Math.min(found.length - 1, old + 1));
              else if (event.key === "ArrowUp") setPick((old) => Math.max(0, old - 1));
            }}
          />
          {!text && <p className="small quiet">{hint}</p>}
          {people.found && !found.length && (
            <p className="err small" role="alert">
              {people.failed || t("scan.nobody")}
            </p>
          )}
          <ul className="found-list" aria-label={t("scan.found")}>
            {found.map((one, at) => (
              <li key={one.id} className={at === pick ? "on" : ""}>
                <button type="button" tabIndex={-1} onClick={() => take(one)}>
                  <PatientLine patient={one} />
                  {one.merged_from && (
                    <span className="small quiet">{t("scan.merged", { number: one.merged_from })}</span>
                  )}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
