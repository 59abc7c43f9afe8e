import { Button, Input, Select } from "antd";
import { useEffect, useState } from "react";
import { useI18n } from "@/i18n";
import { useLists, useNamed } from "../../scan/useLists";
import { DateField } from "../DateField";
import type { AttributeName, Attributes, DocBrief } from "../types";

const FIELDS: readonly AttributeName[] = ["kind", "date", "department", "author", "title", "episode"];
const LONGEST: Record<AttributeName, number> = {
  kind: 60,
  date: 10,
  department: 60,
  author: 100,
  title: 200,
  episode: 60,
};

interface Props {
  document: DocBrief;
  disabled: boolean;
  busy: boolean;
  onSave: (said: Attributes & { reason: string }) => void;
}

/** What is said of a document; only what was changed is sent. */
export function AttributeForm({ document, disabled, busy, onSave }: Props) {
  const { t } = useI18n();
  const lists = useLists();
  const named = useNamed();
  const [values, setValues] = useState<Partial<Record<AttributeName, string>>>({});
  const [reason, setReason] = useState("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was saved, or undone, is shown as it is now
  useEffect(() => {
    setValues({});
    setReason("");
  }, [FIELDS.map((name) => document[name]).join("\n"), document.state]);

  const changed = FIELDS.filter((name) => values[name] !== undefined && values[name] !== document[name]);
  const wrong = changed.includes("date") && !/^\d{4}-\d\d-\d\d$/.test(values.date ?? "");
  const save = () => {
    if (!changed.length || wrong || disabled || busy) return;
    const said = Object.fromEntries(changed.map((name) => [name, (values[name] ?? "").trim()]));
    onSave({ ...said, reason: reason.trim() });
  };
  const set = (name: AttributeName, value: string) => setValues((old) => ({ ...old, [name]: value }));
  const shown = (name: AttributeName) => values[name] ?? document[name];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Ctrl+Enter of any of its fields
    <div
      className="fields edit-fields"
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
        if (event.ctrlKey) save();
      }}
    >
      {FIELDS.map((name) => {
        const choices = name === "kind" ? lists.kinds : name === "department" ? lists.departments : null;
        const id = `edit-${name}`;
        return [
          <label key={`${name} label`} htmlFor={id}>
            {t(`scan.field.${name}`)}
          </label>,
          choices ? (
            <Select
              key={name}
              id={id}
              disabled={disabled}
              showSearch={{ optionFilterProp: "label" }}
              allowClear={name === "department"}
              value={shown(name) || undefined}
              onChange={(code: string | undefined) => set(name, code ?? "")}
              options={choices
                .filter((one) => one.active || one.code === document[name])
                .map((one) => ({ value: one.code, label: named(one) }))}
            />
          ) : name === "date" ? (
            <DateField
              key={name}
              id={id}
              disabled={disabled}
              value={shown(name)}
              onDate={(date) => set(name, date)}
            />
          ) : (
            <Input
              key={name}
              id={id}
              disabled={disabled}
              maxLength={LONGEST[name]}
              value={shown(name)}
              onChange={(event) => set(name, event.target.value)}
            />
          ),
        ];
      })}
      <label htmlFor="edit-reason">{t("edit.reason")}</label>
      <Input
        id="edit-reason"
        disabled={disabled}
        maxLength={200}
        placeholder={t("edit.reason.hint")}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <span />
      <span className="row">
        <Button
          type="primary"
          disabled={disabled || !changed.length || wrong}
          loading={busy}
          onClick={save}
          data-testid="save"
        >
          {t("edit.save")} <kbd>Ctrl</kbd>
          <kbd>Enter</kbd>
        </Button>
        {changed.length > 0 && (
          <span className="warn small" data-testid="unsaved">
            {t("edit.unsaved", { what: changed.map((name) => t(`scan.field.${name}`)).join(", ") })}
          </span>
        )}
      </span>
    </div>
  );
}
