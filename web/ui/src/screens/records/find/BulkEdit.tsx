import { Button, Input, Modal, Progress, Select } from "antd";
import { useEffect, useState } from "react";
import { records } from "@/api/records";
import { problemFrom } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { useLists, useNamed } from "../../scan/useLists";
import { DateField } from "../DateField";
import { Changes } from "../edit/Changes";
import type { AttributeName, Attributes, BulkPreview, SearchHit } from "../types";
import { useRecordWords } from "../words";

/** So many documents are changed by one call: a person sees how far it has come. */
const PIECE = 50;
const FIELDS: readonly AttributeName[] = ["kind", "date", "department", "author", "title", "episode"];

interface Props {
  hits: readonly SearchHit[];
  onClose: () => void;
  onDone: (bulks: string[], count: number) => void;
}

/** The same change to all ticked documents: shown before, then done piece by piece. */
export function BulkEdit({ hits, onClose, onDone }: Props) {
  const { t } = useI18n();
  const words = useRecordWords();
  const ids = hits.map((hit) => hit.document);
  const [set, setSet] = useState<Attributes>({});
  const [reason, setReason] = useState("");
  const [preview, setPreview] = useState<BulkPreview | null>(null);
  const [done, setDone] = useState<number | null>(null);
  const [error, setError] = useState("");
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: onClose } }, { modal: true });

  const asked = JSON.stringify(set);
  const all = ids.join();
  useEffect(() => {
    setPreview(null);
    setError("");
    if (asked === "{}") return;
    const control = new AbortController();
    const timer = setTimeout(() => {
      records
        .bulkPreview(all.split(","), JSON.parse(asked) as Attributes, control.signal)
        .then(setPreview, (failure: unknown) => {
          if (control.signal.aborted) return;
          const problem = problemFrom(failure);
          setError(`${problem.detail || problem.message} ${problem.code}`);
        });
    }, 300);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [asked, all]);

  const apply = async () => {
    if (!preview?.changes || done !== null) return;
    const bulks: string[] = [];
    let count = 0;
    setDone(0);
    try {
      for (let at = 0; at < ids.length; at += PIECE) {
        const made = await records.bulkApply(ids.slice(at, at + PIECE), set, reason.trim());
        bulks.push(made.bulk);
        count += made.count;
        setDone(Math.min(ids.length, at + PIECE));
      }
      onDone(bulks, count);
    } catch (failure) {
      const problem = problemFrom(failure);
      setError(`${problem.detail || problem.message} ${problem.code}`);
      setDone(null);
      if (count) onDone(bulks, count);
    }
  };
  const say = (name: AttributeName, value: string | undefined) =>
    setSet((old) => {
      const { [name]: _, ...rest } = old;
      return value ? { ...rest, [name]: value } : rest;
    });
  const titleOf = (id: string) => {
    const hit = hits.find((one) => one.document === id);
    return hit ? words.title(hit) : id;
  };
  return (
    <Modal
      open
      width={720}
      title={t("many.title", { n: ids.length })}
      onCancel={onClose}
      footer={[
        <Button key="back" onClick={onClose}>
          {t("act.back")}
        </Button>,
        <Button
          key="do"
          type="primary"
          disabled={!preview?.changes}
          loading={done !== null}
          onClick={() => void apply()}
          data-testid="bulk-apply"
        >
          {t("many.do", { n: preview?.changes ?? 0 })}
        </Button>,
      ]}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Ctrl+Enter of any of its fields */}
      <div
        className="fields bulk-fields"
        onKeyDown={(event) => {
          if (event.key === "Enter" && event.ctrlKey && !event.nativeEvent.isComposing) void apply();
        }}
      >
        <p className="quiet wide">{t("many.hint")}</p>
        {FIELDS.map((name, at) => (
          <BulkField
            key={name}
            name={name}
            value={set[name] ?? ""}
            autoFocus={at === 0}
            onChange={(value) => say(name, value)}
          />
        ))}
        <label htmlFor="bulk-reason">{t("edit.reason")}</label>
        <Input
          id="bulk-reason"
          maxLength={200}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </div>
      <div aria-live="polite" className="bulk-preview">
        {error && (
          <p className="err" role="alert">
            {error}
          </p>
        )}
        {preview && (
          <p className="strong" data-testid="bulk-say">
            {t("many.preview", { n: preview.changes, of: preview.count })}
          </p>
        )}
        {done !== null && <Progress percent={Math.round((done / ids.length) * 100)} size="small" />}
        {preview && (
          <ul className="bulk-sample">
            {preview.sample.slice(0, 6).map((one) => (
              <li key={one.document}>
                <span className="ellipsis">{titleOf(one.document)}</span>
                <Changes changes={one.changes} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </Modal>
  );
}

interface FieldProps {
  name: AttributeName;
  value: string;
  autoFocus?: boolean;
  onChange: (value: string | undefined) => void;
}

function BulkField({ name, value, autoFocus, onChange }: FieldProps) {
  const { t } = useI18n();
  const lists = useLists();
  const named = useNamed();
  const id = `bulk-${name}`;
  const choices = name === "kind" ? lists.kinds : name === "department" ? lists.departments : null;
  return (
    <>
      <label htmlFor={id}>{t(`scan.field.${name}`)}</label>
      {choices ? (
        <Select
          id={id}
          allowClear
          autoFocus={autoFocus}
          placeholder={t("many.stays")}
          showSearch={{ optionFilterProp: "label" }}
          value={value || undefined}
          onChange={(chosen: string | undefined) => onChange(chosen)}
          options={choices.filter((one) => one.active).map((one) => ({ value: one.code, label: named(one) }))}
        />
      ) : name === "date" ? (
        <DateField id={id} value={value} onDate={(date) => onChange(date || undefined)} />
      ) : (
        <Input
          id={id}
          maxLength={name === "title" ? 200 : name === "episode" ? 60 : 100}
          placeholder={t("many.stays")}
          value={value}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      )}
    </>
  );
}
