import { Button, Input, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import { useI18n } from "@/i18n";
import type { Draft, DraftFields, Lists, SuggestedValue } from "../types";
import { useNamed } from "../useLists";
import { detailsOf, isoDate } from "./suggested";

interface Props {
  draft: Draft;
  lists: Lists;
  open: readonly SuggestedValue[];
  disabled: boolean;
  onSave: (fields: DraftFields) => void;
  onAccept: (values: readonly SuggestedValue[]) => void;
}

const TEXTS = ["author", "title", "episode"] as const;

/** What a document is: each field is saved as soon as it is left. */
export function DraftForm({ draft, lists, open, disabled, onSave, onAccept }: Props) {
  const { t, word } = useI18n();
  const named = useNamed();
  const departments = lists.departments
    .filter((one) => one.active)
    .map((one) => ({ value: one.code, label: named(one) }));
  const shared = { disabled, open, onAccept };
  return (
    <div className="fields">
      <label htmlFor="kind">
        {t("scan.field.kind")} <kbd>t</kbd>
      </label>
      <KindField draft={draft} lists={lists} disabled={disabled} onSave={onSave} />
      <label htmlFor="date">{t("scan.field.date")}</label>
      <TextField
        id="date"
        placeholder="2026-05-31"
        check={isoDate}
        value={draft.date}
        {...shared}
        name="date"
        onSave={(date) => onSave({ date })}
      />
      <label htmlFor="department">{t("scan.field.department")}</label>
      <span className="two">
        {departments.length ? (
          <Select
            id="department"
            showSearch={{ optionFilterProp: "label" }}
            allowClear
            disabled={disabled}
            value={draft.department || undefined}
            options={departments}
            onChange={(department?: string) => onSave({ department: department ?? "" })}
          />
        ) : (
          <TextField
            id="department"
            value={draft.department}
            disabled={disabled}
            onSave={(department) => onSave({ department })}
          />
        )}
        <Offer
          name="department"
          open={open}
          onAccept={onAccept}
          show={(code) => departments.find((one) => one.value === code)?.label ?? code}
        />
      </span>
      {TEXTS.map((name) => [
        <label key={`${name} label`} htmlFor={name}>
          {t(`scan.field.${name}`)}
        </label>,
        <TextField
          key={name}
          id={name}
          name={name}
          value={draft[name]}
          {...shared}
          onSave={(value) => onSave({ [name]: value })}
        />,
      ])}
      {detailNames(draft, open).map((name) => [
        <label key={`${name} label`} htmlFor={`detail-${name}`}>
          {word("scan.value", name)}
        </label>,
        <TextField
          key={name}
          id={`detail-${name}`}
          name={name}
          value={String(draft.details[name] ?? "")}
          {...shared}
          onSave={(value) => onSave({ details: { ...detailsOf(draft), [name]: value } })}
        />,
      ])}
    </div>
  );
}

const OWN = new Set<string>(["date", "department", ...TEXTS]);

const detailNames = (draft: Draft, open: readonly SuggestedValue[]): string[] => [
  ...new Set([
    ...Object.keys(draft.details),
    ...open.map((one) => one.name).filter((name) => !OWN.has(name)),
  ]),
];

/** Chosen by its name in any of the three languages, or by its code. */
function KindField({
  draft,
  lists,
  disabled,
  onSave,
}: Pick<Props, "draft" | "lists" | "disabled" | "onSave">) {
  const { t } = useI18n();
  const named = useNamed();
  const kinds = lists.kinds.filter((kind) => kind.active || kind.code === draft.kind);
  const options = kinds.map((kind) => ({
    value: kind.code,
    label: named(kind),
    search: [kind.code, kind.names.en, kind.names.es, kind.names.zh].join(" ").toLowerCase(),
  }));
  return (
    <Select
      id="kind"
      loading={!lists.kinds.length}
      showSearch={{ filterOption: (typed, option) => (option?.search ?? "").includes(typed.toLowerCase()) }}
      disabled={disabled}
      placeholder={t("scan.kind.search")}
      value={draft.kind || undefined}
      options={options}
      onChange={(kind: string) => {
        onSave({ kind });
        (document.activeElement as HTMLElement | null)?.blur();
      }}
      onKeyDown={(event) => event.key === "Escape" && (document.activeElement as HTMLElement | null)?.blur()}
    />
  );
}

interface TextProps {
  id: string;
  value: string;
  disabled: boolean;
  placeholder?: string;
  /** What is stored for what was typed; null: it is none. */
  check?: (typed: string) => string | null;
  name?: string;
  open?: readonly SuggestedValue[];
  onAccept?: Props["onAccept"];
  onSave: (value: string) => void;
}

/** Enter or leaving it saves; Esc takes back what was typed. */
function TextField(props: TextProps) {
  const { id, value, disabled, placeholder, check, name = "", open = [], onAccept, onSave } = props;
  const { t } = useI18n();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const given = useRef(false);
  const save = () => {
    const wanted = check ? check(typed.trim()) : typed;
    if (wanted !== null && wanted !== value && !given.current) onSave(wanted);
    given.current = false;
  };
  const wrong = check !== undefined && typed.trim() !== "" && check(typed.trim()) === null;
  return (
    <span className="two">
      <Input
        id={id}
        placeholder={placeholder}
        status={wrong ? "error" : undefined}
        aria-invalid={wrong || undefined}
        disabled={disabled}
        maxLength={200}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Enter") event.currentTarget.blur();
          if (event.key === "Escape") {
            given.current = true;
            setTyped(value);
            event.currentTarget.blur();
          }
        }}
      />
      {wrong && (
        <span className="small err" role="alert">
          {t("scan.date.wrong")}
        </span>
      )}
      {onAccept && <Offer name={name} open={open} onAccept={onAccept} />}
    </span>
  );
}

/** What was read for this field, to be taken by a press. */
function Offer(props: {
  name: string;
  open: readonly SuggestedValue[];
  onAccept: Props["onAccept"];
  show?: (value: string) => string;
}) {
  const { name, open, onAccept, show = (value: string) => value } = props;
  const { t } = useI18n();
  const value = open.find((one) => one.name === name);
  if (!value) return null;
  return (
    <Button
      size="small"
      type="dashed"
      className="offer"
      aria-label={t("scan.accept.one", { value: show(value.value) })}
      onClick={() => onAccept([value])}
    >
      {show(value.value)} <kbd>a</kbd>
    </Button>
  );
}
