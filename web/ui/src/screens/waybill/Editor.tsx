import { Alert, Button, Input, Modal, Segmented } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api } from "@/api/api";
import type { Opened, Waybill } from "@/api/types";
import { problemFrom, useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { Diff } from "@/parts/Diff";
import { fault, formOf, fromEditor, tidy, toEditor } from "@/parts/pretty";
import { Show } from "@/parts/States";

/** The body in an editor, compared with the original before it is sent as a new run. Opening it is recorded. */
export function Editor({ run, onClose }: { run: Waybill; onClose: () => void }) {
  const { t } = useI18n();
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: onClose } }, { modal: true });
  const opened = useLoad(`edit ${run.id}`, () => api.openValue(run.id, "body"));
  const small = opened.data === null || opened.data.text === null || opened.data.truncated;
  return (
    <Modal open width={1100} footer={null} title={t("edit.title")} onCancel={onClose} style={{ top: 24 }}>
      <Alert type="info" showIcon title={t("edit.recorded")} style={{ marginBottom: 10 }} />
      <Show of={opened} lines={8}>
        {(data) =>
          small || data.text === null ? (
            <p className="state">{data.truncated ? t("edit.tooLarge") : t("edit.binary")}</p>
          ) : (
            <Editing run={run} opened={data} text={data.text} onClose={onClose} />
          )
        }
      </Show>
    </Modal>
  );
}

interface EditingProps {
  run: Waybill;
  opened: Opened;
  text: string;
  onClose: () => void;
}

function Editing({ run, opened, text, onClose }: EditingProps) {
  const { t } = useI18n();
  const go = useNavigate();
  const form = formOf(opened.content_type, text);
  const original = toEditor(text, form);
  const [body, setBody] = useState(original);
  const [tidied, setTidied] = useState(false);
  const [side, setSide] = useState<"write" | "compare">("write");
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const why = fault(body, form);
  const changed = body !== original;
  const send = async () => {
    if (busy || why || !changed) return;
    setBusy(true);
    try {
      const made = await api.edit(run.id, fromEditor(body, form), note.trim());
      onClose();
      void go(`/engine/runs/${made.run_id}`);
    } catch (failure) {
      const problem = problemFrom(failure);
      setError(`${problem.detail || problem.message} ${problem.code}`);
      setBusy(false);
    }
  };
  return (
    <div className="editor">
      <div className="row">
        <Segmented
          value={side}
          onChange={(value) => setSide(value as "write" | "compare")}
          options={[
            { value: "write", label: t("edit.write") },
            { value: "compare", label: <span data-testid="compare">{t("edit.compare")}</span> },
          ]}
        />
        <span className="mono quiet">{form.toUpperCase()}</span>
        {(form === "xml" || form === "json") && (
          <Button
            size="small"
            onClick={() => {
              setBody(tidy(body, form));
              setTidied(true);
            }}
          >
            {t("edit.format")}
          </Button>
        )}
      </div>
      {side === "write" ? (
        <textarea
          className="body"
          aria-label={t("edit.body")}
          data-testid="editor"
          spellCheck={false}
          value={body}
          onChange={(event) => setBody(event.target.value)}
        />
      ) : (
        <div className="body" data-testid="edit-diff">
          {/* a body that was tidied up is compared with the tidied original: only what was written differs */}
          <Diff
            before={tidied ? tidy(original, form) : original}
            after={body}
            same={t("edit.same")}
            label={t("edit.diff")}
          />
        </div>
      )}
      {why && <p className="err">{t("edit.bad", { why })}</p>}
      {error && (
        <p role="alert" className="err">
          {error}
        </p>
      )}
      <div className="row">
        <Input
          aria-label={t("note.optional")}
          placeholder={t("note.optional")}
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        {side === "write" ? (
          <Button type="primary" disabled={!changed || why !== ""} onClick={() => setSide("compare")}>
            {t("edit.compare")}
          </Button>
        ) : (
          <Button
            type="primary"
            danger
            disabled={!changed || why !== ""}
            loading={busy}
            data-testid="edit-send"
            onClick={() => void send()}
          >
            {t("edit.send")}
          </Button>
        )}
      </div>
    </div>
  );
}
