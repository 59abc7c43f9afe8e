import { Button, Input, InputNumber, Select, Switch } from "antd";
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useState } from "react";
import { useI18n } from "@/i18n";
import type { RowFault } from "../../records/types";
import type { Department, Kind, Station } from "../../scan/types";
import { useNamed } from "../../scan/useLists";
import { Rules } from "./Rules";
import { type ListName, type ListRow, optionLines, optionsFrom, same, trimmed } from "./rows";

const LANGUAGES = [
  ["en", "English", "en"],
  ["es", "Español", "es"],
  ["zh", "中文", "zh-CN"],
] as const;
const TEXTS = ["eng", "spa", "chi_sim"];
const SIDES = ["one", "both", "twice"] as const;

interface Props {
  name: ListName;
  row: ListRow;
  /** A row that is not there yet: its code can be written. */
  fresh: boolean;
  departments: readonly Department[];
  used: number;
  faults: readonly RowFault[];
  busy: boolean;
  form: RefObject<HTMLElement | null>;
  onDirty: (dirty: boolean) => void;
  /** True when it was saved. */
  onSave: (row: ListRow) => Promise<boolean>;
  onBack: () => void;
}

/** One row, to be changed: Enter saves, Esc takes back what was typed. */
export function RowForm(props: Props) {
  const { t } = useI18n();
  const { name, row, fresh, used, faults, busy, form, onDirty, onBack } = props;
  const [base, setBase] = useState(row);
  const [draft, setDraft] = useState(row);
  const [lines, setLines] = useState(linesOf(row));
  const dirty = !same(draft, base) || lines !== linesOf(base);
  const theirs = dirty && !busy && !same(row, base);
  const take = (now: ListRow) => {
    setBase(now);
    setDraft(now);
    setLines(linesOf(now));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what others change comes in while nothing is typed here
  useEffect(() => {
    if (!dirty && !busy && !same(row, base)) take(row);
  }, [row, busy]);
  useEffect(() => {
    onDirty(dirty);
    return () => onDirty(false);
  }, [dirty, onDirty]);
  const set = (part: Partial<Kind & Station>) => setDraft((old) => ({ ...old, ...part }) as ListRow);
  const save = async () => {
    if (busy || !(dirty || fresh)) return;
    const said = trimmed(
      name === "stations"
        ? { ...(draft as Station), options: optionsFrom(lines, (draft as Station).options) }
        : draft,
    );
    if (await props.onSave(said)) take(said);
  };
  const press = (event: KeyboardEvent<HTMLElement>) => {
    if (event.nativeEvent.isComposing || !(event.target instanceof Element)) return;
    const open = event.target.getAttribute("aria-expanded") === "true";
    const plain =
      event.target instanceof HTMLInputElement && event.target.getAttribute("role") !== "combobox";
    if (event.key === "Enter" && (event.ctrlKey || plain)) {
      event.preventDefault();
      void save();
    } else if (event.key === "Escape" && !open) {
      take(row);
      onBack();
    }
  };
  const whole = faults.filter((fault) => !fault.field);
  return (
    <section
      ref={form}
      className="card list-form"
      aria-label={t(fresh ? "lists.new" : "lists.row")}
      onKeyDown={press}
    >
      <div className="rec-scroll card-body">
        {theirs && (
          <p className="band-row amber" role="alert">
            {t("lists.theirs")}
          </p>
        )}
        {whole.map((fault) => (
          <p key={fault.text} className="err" role="alert" data-testid="row-fault">
            {fault.text} <span className="mono small">{fault.code}</span>
          </p>
        ))}
        <div className="fields">
          <Field name="code" label={t("lists.code")} faults={faults}>
            <Input
              id="row-code"
              className="mono"
              disabled={!fresh}
              maxLength={name === "kinds" ? 60 : 40}
              value={draft.code}
              onChange={(event) => set({ code: event.target.value })}
            />
          </Field>
          {name === "stations" ? (
            <StationFields
              draft={draft as Station}
              faults={faults}
              set={set}
              lines={lines}
              setLines={setLines}
            />
          ) : (
            LANGUAGES.map(([language, called, lang]) => (
              <Field key={language} name={`names.${language}`} label={called} faults={faults}>
                <Input
                  id={`row-names.${language}`}
                  lang={lang}
                  maxLength={100}
                  value={(draft as Kind).names[language] ?? ""}
                  onChange={(event) =>
                    set({ names: { ...(draft as Kind).names, [language]: event.target.value } })
                  }
                />
              </Field>
            ))
          )}
          {name === "kinds" && <KindFields {...props} draft={draft as Kind} set={set} />}
          <Field name="active" label={t("lists.active.field")} faults={faults}>
            <span>
              <Switch
                id="row-active"
                size="small"
                checked={draft.active}
                onChange={(active) => set({ active })}
              />
            </span>
          </Field>
        </div>
        <p className="quiet small" data-testid="row-used">
          {fresh ? t("lists.new.hint") : used ? t("lists.used.n", { n: used }) : t("lists.used.no")}
        </p>
        {name === "kinds" && <Rules rules={(draft as Kind).values} />}
      </div>
      <footer className="repair-do row">
        <Button
          type="primary"
          loading={busy}
          disabled={!dirty && !fresh}
          onClick={() => void save()}
          data-testid="row-save"
        >
          {t("edit.save")} <kbd>Enter</kbd>
        </Button>
        {dirty && <span className="warn small">{t("lists.typed")}</span>}
      </footer>
    </section>
  );
}

const linesOf = (row: ListRow) => ("options" in row ? optionLines(row.options) : "");

interface FieldProps {
  name: string;
  label: string;
  faults: readonly RowFault[];
  children: ReactNode;
}

/** A label, its field, and what is wrong with it. */
function Field({ name, label, faults, children }: FieldProps) {
  const mine = faults.filter(
    ({ field }) =>
      field === name || field.startsWith(`${name}.`) || (field === "names" && name === "names.en"),
  );
  return (
    <>
      <label htmlFor={`row-${name}`}>{label}</label>
      <span className="two">
        {children}
        {mine.map((fault) => (
          <span key={fault.text} className="err small" role="alert" data-testid="row-fault">
            {fault.text}
          </span>
        ))}
      </span>
    </>
  );
}

function KindFields({
  draft,
  departments,
  faults,
  set,
}: Props & { draft: Kind; set: (part: Partial<Kind>) => void }) {
  const { t } = useI18n();
  const named = useNamed();
  const choices = departments.filter((one) => one.active || one.code === draft.department);
  return (
    <>
      {(["family", "loinc", "kdl"] as const).map((name) => (
        <Field
          key={name}
          name={name}
          label={name === "family" ? t("lists.family") : name.toUpperCase()}
          faults={faults}
        >
          <Input
            id={`row-${name}`}
            className={name === "family" ? "" : "mono"}
            maxLength={name === "family" ? 60 : 20}
            value={draft[name]}
            onChange={(event) => set({ [name]: event.target.value })}
          />
        </Field>
      ))}
      <Field name="department" label={t("scan.field.department")} faults={faults}>
        <Select
          id="row-department"
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          value={draft.department || undefined}
          onChange={(code: string | undefined) => set({ department: code ?? "" })}
          options={choices.map((one) => ({ value: one.code, label: named(one) }))}
        />
      </Field>
      <Field name="threshold" label={t("lists.threshold")} faults={faults}>
        <InputNumber
          id="row-threshold"
          min={0}
          max={100}
          precision={1}
          suffix="%"
          placeholder={t("lists.learnt")}
          value={draft.threshold === null ? null : draft.threshold * 100}
          onChange={(percent) =>
            set({ threshold: percent === null ? null : Math.round(Number(percent) * 10) / 1000 })
          }
        />
      </Field>
    </>
  );
}

interface StationProps {
  draft: Station;
  faults: readonly RowFault[];
  set: (part: Partial<Station>) => void;
  lines: string;
  setLines: (lines: string) => void;
}

function StationFields({ draft, faults, set, lines, setLines }: StationProps) {
  const { t } = useI18n();
  const options = draft.options as Record<string, string>;
  return (
    <>
      <Field name="title" label={t("lists.title")} faults={faults}>
        <Input
          id="row-title"
          maxLength={100}
          value={draft.title}
          onChange={(event) => set({ title: event.target.value })}
        />
      </Field>
      <Field name="languages" label={t("lists.languages")} faults={faults}>
        <Select
          id="row-languages"
          mode="tags"
          tokenSeparators={["+", " ", ","]}
          value={draft.languages.split("+").filter(Boolean)}
          onChange={(names: string[]) => set({ languages: names.join("+") })}
          options={TEXTS.map((value) => ({
            value,
            label: `${t(`lists.text.${value}` as "lists.text.eng")} (${value})`,
          }))}
        />
      </Field>
      <Field name="options.sides" label={t("scan.sides")} faults={faults}>
        <Select
          id="row-options.sides"
          allowClear
          value={options.sides || undefined}
          onChange={(sides: string | undefined) => set({ options: { ...options, sides: sides ?? "" } })}
          options={SIDES.map((value) => ({ value, label: t(`scan.sides.${value}`) }))}
        />
      </Field>
      <Field name="options.prefix" label={t("lists.prefix")} faults={faults}>
        <Input
          id="row-options.prefix"
          className="mono"
          maxLength={20}
          value={options.prefix ?? ""}
          onChange={(event) => set({ options: { ...options, prefix: event.target.value } })}
        />
      </Field>
      <Field name="options" label={t("lists.options.more")} faults={[]}>
        <Input.TextArea
          id="row-options"
          className="mono"
          rows={3}
          placeholder="psm: 6"
          value={lines}
          onChange={(event) => setLines(event.target.value)}
        />
      </Field>
    </>
  );
}
