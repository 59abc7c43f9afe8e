import { Input, Modal } from "antd";
import { type ReactNode, useState } from "react";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { useFailure } from "./why";

interface Props {
  title: string;
  explain?: ReactNode;
  action: string;
  label: string;
  required?: boolean;
  /** The longest note that is taken. */
  most?: number;
  danger?: boolean;
  onClose: () => void;
  onDone: (note: string) => Promise<unknown>;
}

/** Asks for a note or a reason before an act; Ctrl+Enter does it, a failure stays in the dialog with its code. */
export function NoteDialog(props: Props) {
  const { t } = useI18n();
  const failed = useFailure();
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: props.onClose } }, { modal: true });
  const allowed = !props.required || note.trim() !== "";
  const submit = async () => {
    if (!allowed || busy) return;
    setBusy(true);
    try {
      await props.onDone(note.trim());
      props.onClose();
    } catch (failure) {
      setError(failed(failure));
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={props.title}
      okText={props.action}
      cancelText={t("act.back")}
      okButtonProps={{ disabled: !allowed, danger: props.danger, loading: busy }}
      onOk={() => void submit()}
      onCancel={props.onClose}
      destroyOnHidden
    >
      {props.explain && <p style={{ marginBottom: 10 }}>{props.explain}</p>}
      <label htmlFor="note" className="two" style={{ gap: 4 }}>
        <span className="quiet">{props.label}</span>
        <Input.TextArea
          id="note"
          autoFocus
          rows={3}
          maxLength={props.most ?? 500}
          value={note}
          onChange={(event) => setNote(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && event.ctrlKey && !event.nativeEvent.isComposing) void submit();
          }}
        />
      </label>
      {error && (
        <p role="alert" style={{ color: "var(--red)", marginTop: 8 }}>
          {error}
        </p>
      )}
    </Modal>
  );
}
