import { Input, Modal } from "antd";
import type { TextAreaRef } from "antd/es/input/TextArea";
import { type ReactNode, useRef, useState } from "react";
import { type Key, useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { useFailure } from "@/parts/why";

interface Props<T extends string> {
  title: string;
  explain: ReactNode;
  action: string;
  choices: readonly { value: T; label: Key }[];
  needsNote: (value: T) => boolean;
  onClose: () => void;
  onDone: (value: T, note: string) => Promise<unknown>;
}

/** A digit chooses, then the note is written; Ctrl+Enter does it, a failure stays in the dialog with its code. */
export function ChooseNote<T extends string>(props: Props<T>) {
  const { t } = useI18n();
  const failed = useFailure();
  const [chosen, setChosen] = useState<T | null>(null);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const field = useRef<TextAreaRef>(null);
  const allowed = chosen !== null && (note.trim() !== "" || !props.needsNote(chosen));
  const choose = (value: T) => {
    setChosen(value);
    field.current?.focus();
  };
  const submit = async () => {
    if (chosen === null || !allowed || busy) return;
    setBusy(true);
    try {
      await props.onDone(chosen, note.trim());
      props.onClose();
    } catch (failure) {
      setError(failed(failure));
      setBusy(false);
    }
  };
  const keys: Bindings = { Escape: { help: "keys.close", run: props.onClose } };
  for (const [at, { value, label }] of props.choices.entries())
    keys[String(at + 1)] = { help: label, run: () => choose(value) };
  useKeys("keys.dialog", keys, { modal: true });
  return (
    <Modal
      open
      width={440}
      title={props.title}
      okText={props.action}
      cancelText={t("act.back")}
      okButtonProps={{ disabled: !allowed, loading: busy }}
      onOk={() => void submit()}
      onCancel={props.onClose}
      destroyOnHidden
    >
      <p className="quiet">{props.explain}</p>
      <ol className="reason-list">
        {props.choices.map(({ value, label }, at) => (
          <li key={value}>
            <button type="button" onClick={() => choose(value)} aria-pressed={chosen === value}>
              <kbd>{at + 1}</kbd> <span className="grow">{t(label)}</span>
              {chosen === value && <b className="place">✓</b>}
            </button>
          </li>
        ))}
      </ol>
      <label htmlFor="flag-note" className="two" style={{ gap: 4, marginTop: 10 }}>
        <span className="quiet">
          {t(chosen && props.needsNote(chosen) ? "flag.note.needed" : "flag.note")}
        </span>
        <Input.TextArea
          id="flag-note"
          ref={field}
          rows={2}
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.target.value)}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === "Enter" && event.ctrlKey) void submit();
          }}
        />
      </label>
      {error && (
        <p role="alert" className="err">
          {error}
        </p>
      )}
    </Modal>
  );
}
