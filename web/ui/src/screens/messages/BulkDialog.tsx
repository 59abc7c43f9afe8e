import { Button, Input, Modal, Progress } from "antd";
import { useState } from "react";
import { api, type BulkAsk } from "@/api/api";
import type { BulkJob, BulkPreview } from "@/api/types";
import { problemFrom, useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { StateTag } from "@/parts/bits";
import { Show } from "@/parts/States";

const DANGEROUS = new Set(["cancel", "resend"]);

/** An act over many runs: first what it would do, then its progress. */
export function BulkDialog({
  ask,
  onClose,
  onDone,
}: {
  ask: BulkAsk;
  onClose: () => void;
  onDone: () => void;
}) {
  const { t } = useI18n();
  const [job, setJob] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: onClose } }, { modal: true });
  const preview = useLoad(JSON.stringify(ask), (signal) => api.bulkPreview(ask, signal));
  const count = preview.data?.count ?? 0;
  const act = t(`bulk.${ask.act}`);
  const start = async () => {
    if (busy || !count) return;
    setBusy(true);
    try {
      setJob((await api.bulkStart({ ...ask, note: note.trim() })).id);
    } catch (failure) {
      const problem = problemFrom(failure);
      setError(`${problem.detail || problem.message} ${problem.code}`);
    }
    setBusy(false);
  };
  return (
    <Modal
      open
      width={640}
      title={act}
      onCancel={onClose}
      footer={
        job === null && (
          <>
            <Button onClick={onClose}>{t("act.back")}</Button>
            <Button
              type="primary"
              danger={DANGEROUS.has(ask.act)}
              disabled={!count}
              loading={busy}
              data-testid="bulk-go"
              onClick={() => void start()}
            >
              {t("bulk.go", { act, n: count })}
            </Button>
          </>
        )
      }
    >
      {job === null ? (
        <>
          <p>{t(`bulk.${ask.act}.explain`)}</p>
          <Show of={preview} lines={4}>
            {(data) => <Effect preview={data} />}
          </Show>
          <label htmlFor="bulk-note" className="two" style={{ gap: 4, marginTop: 12 }}>
            <span className="quiet">{t("bulk.note")}</span>
            <Input
              id="bulk-note"
              autoFocus
              maxLength={500}
              value={note}
              onChange={(event) => setNote(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && event.ctrlKey && !event.nativeEvent.isComposing) void start();
              }}
            />
          </label>
          {error && (
            <p role="alert" className="err">
              {error}
            </p>
          )}
        </>
      ) : (
        <Working id={job} onClose={onClose} onDone={onDone} />
      )}
    </Modal>
  );
}

/** The effect beforehand: to how many, which not, what would be done twice, and some of them. */
function Effect({ preview }: { preview: BulkPreview }) {
  const { t } = useI18n();
  const left = preview.groups.filter((one) => !one.able);
  const able = preview.groups.filter((one) => one.able);
  if (!preview.count) return <p className="state title">{t("bulk.nothing")}</p>;
  return (
    <div className="effect" data-testid="bulk-preview">
      <p className="say">{t(preview.complete ? "bulk.count" : "bulk.count.more", { n: preview.count })}</p>
      <Groups groups={able} />
      {preview.again.length > 0 && (
        <>
          <h3 className="err">{t("bulk.again")}</h3>
          <ul>
            {preview.again.map((one) => (
              <li key={`${one.step}${one.connection}${one.operation}`} className="row">
                <span className="strong">{one.count} ×</span>
                <span className="mono">{`${one.connection} ${one.operation}`}</span>
                <span className="quiet mono">{one.step}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {left.length > 0 && (
        <>
          <h3>{t("bulk.left")}</h3>
          <Groups groups={left} />
        </>
      )}
      <h3>{t("bulk.examples")}</h3>
      <ul>
        {preview.examples.map((one) => (
          <li key={one.run_id} className="row">
            <span className="mono strong">{one.order_id || one.run_id.slice(-8)}</span>
            <StateTag state={one.state} />
            <span className="mono quiet">{one.step}</span>
            <span className="ellipsis grow">{one.reason}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Groups({ groups }: { groups: BulkPreview["groups"] }) {
  return (
    <ul>
      {groups.map((one) => (
        <li key={`${one.route}${one.state}`} className="row">
          <span className="strong">{one.count} ×</span>
          <span className="mono">{one.route}</span>
          <StateTag state={one.state} />
        </li>
      ))}
    </ul>
  );
}

function Working({ id, onClose, onDone }: { id: string; onClose: () => void; onDone: () => void }) {
  const { t } = useI18n();
  const job = useLoad(`bulk ${id}`, (signal) => api.bulk(id, signal), [`bulk:${id}`]);
  const close = () => {
    onDone();
    onClose();
  };
  return (
    <Show of={job} lines={3}>
      {(data) => (
        <div className="effect" data-testid="bulk-job">
          <Progress
            percent={percent(data)}
            status={data.state === "failed" ? "exception" : data.state === "done" ? "success" : "active"}
          />
          <p role="status" className="say">
            {t(`bulk.${data.state === "failed" ? "stopped" : data.state}`, {
              done: data.done,
              all: data.all,
            })}
          </p>
          <ul>
            {data.failed.map((one) => (
              <li key={one.reason} className="err">
                {t("bulk.failed", { n: one.count, reason: one.reason })}
              </li>
            ))}
          </ul>
          <div className="row">
            {data.state === "running" ? (
              <Button onClick={() => void api.bulkStop(id)}>{t("bulk.stop")}</Button>
            ) : (
              <Button type="primary" autoFocus onClick={close} data-testid="bulk-close">
                {t("bulk.close")}
              </Button>
            )}
          </div>
        </div>
      )}
    </Show>
  );
}

function percent(job: BulkJob): number {
  if (job.state === "done") return 100;
  return job.all ? Math.min(99, Math.floor((job.done / job.all) * 100)) : 0;
}
