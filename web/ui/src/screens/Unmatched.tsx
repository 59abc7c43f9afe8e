import { Button, Modal } from "antd";
import { useState } from "react";
import { api } from "@/api/api";
import type { Candidate, UnmatchedFile } from "@/api/types";
import { problemFrom, useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { size } from "@/i18n/time";
import { type Bindings, useKeys } from "@/keys/keys";
import { Ago, PageHead, Tag } from "@/parts/bits";
import { EngineNav } from "@/parts/EngineNav";
import { LinkButton } from "@/parts/LinkButton";
import { NoteDialog } from "@/parts/NoteDialog";
import { Empty, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { PdfView } from "@/pdf/PdfView";

export default function Unmatched() {
  const { t } = useI18n();
  const list = useLoad("unmatched", api.unmatched, ["unmatched"]);
  return (
    <div className="page fill">
      <PageHead title={t("nav.unmatched")} sub={t("unmatched.sub")}>
        <EngineNav counts={{ unmatched: list.data?.items.length }} />
      </PageHead>
      <Show of={list} lines={8}>
        {(data) =>
          data.items.length ? (
            <Files files={data.items} reload={list.reload} />
          ) : (
            <div className="card">
              <Empty title={t("unmatched.empty")} hint={t("unmatched.empty.hint")} />
            </div>
          )
        }
      </Show>
    </div>
  );
}

/** The last part of a path: the folders before it are shown smaller. */
const nameOf = (path: string): string => path.split("/").at(-1) ?? path;

function Files({ files, reload }: { files: UnmatchedFile[]; reload: () => void }) {
  const { t, word } = useI18n();
  const list = useCursor(
    files.map((file) => file.id),
    () => undefined,
  );
  const file = files.find((one) => one.id === list.cursor);
  return (
    <div className="unmatched">
      <ul className="card files" aria-label={t("nav.unmatched")}>
        {files.map((one) => (
          <li key={one.id} data-row-key={one.id}>
            <button
              type="button"
              className={one.id === list.cursor ? "on" : ""}
              aria-current={one.id === list.cursor}
              onClick={() => list.choose(one.id)}
            >
              <span className="row">
                <Tag tone={one.state === "incomplete" ? "slate" : "amber"}>{word("file", one.state)}</Tag>
                <span className="quiet small" style={{ marginInlineStart: "auto" }}>
                  <Ago at={one.first_seen} />
                </span>
              </span>
              <span className="mono strong ellipsis">{nameOf(one.path)}</span>
              <span className="mono small quiet ellipsis">{one.path}</span>
            </button>
          </li>
        ))}
      </ul>
      {file ? (
        <Chosen key={file.id} file={file} reload={reload} keys={list.keys} />
      ) : (
        <Waiting keys={list.keys} />
      )}
    </div>
  );
}

function Waiting({ keys }: { keys: Bindings }) {
  const { t } = useI18n();
  useKeys("nav.unmatched", keys);
  return (
    <div className="card">
      <Empty title={t("unmatched.choose")} hint={t("unmatched.choose.hint")} />
    </div>
  );
}

type Asking = { kind: "choose"; candidate: Candidate } | { kind: "discard" };

function Chosen({ file, reload, keys: moving }: { file: UnmatchedFile; reload: () => void; keys: Bindings }) {
  const { t } = useI18n();
  const [asking, setAsking] = useState<Asking | null>(null);
  const keys: Bindings = {
    ...moving,
    d: { help: "unmatched.discard", run: () => setAsking({ kind: "discard" }) },
  };
  for (const [at, candidate] of file.candidates.slice(0, 5).entries()) {
    keys[String(at + 1)] = { help: "unmatched.take", run: () => setAsking({ kind: "choose", candidate }) };
  }
  useKeys("nav.unmatched", keys);
  return (
    <>
      {file.has_content ? (
        <PdfView url={api.unmatchedContent(file.id)} title={nameOf(file.path)} />
      ) : (
        <section className="pdf">
          <Empty title={t("unmatched.nocontent")} hint={t("unmatched.nocontent.hint")} />
        </section>
      )}
      <Choices file={file} onAsk={setAsking} />
      {asking?.kind === "discard" && (
        <NoteDialog
          title={t("unmatched.discard")}
          explain={t("unmatched.discard.explain")}
          action={t("unmatched.discard")}
          label={t("unmatched.discard.reason")}
          required
          danger
          onClose={() => setAsking(null)}
          onDone={(reason) => api.discard(file.id, reason).then(reload)}
        />
      )}
      {asking?.kind === "choose" && (
        <Confirm file={file} candidate={asking.candidate} reload={reload} onClose={() => setAsking(null)} />
      )}
    </>
  );
}

function Choices({ file, onAsk }: { file: UnmatchedFile; onAsk: (asking: Asking) => void }) {
  const { t, locale } = useI18n();
  return (
    <aside className="card choices">
      <p className="say">{file.reason}</p>
      <p className="small quiet">
        <span className="mono">{file.connection}</span> · {size(locale, file.size)}
      </p>
      <h2>{t("unmatched.candidates")}</h2>
      {file.candidates.length === 0 && <p className="quiet">{t("unmatched.nocandidates")}</p>}
      <ol>
        {file.candidates.map((candidate, at) => (
          <li key={candidate.run_id}>
            <Button
              block
              className="candidate"
              data-testid={`candidate-${at + 1}`}
              onClick={() => onAsk({ kind: "choose", candidate })}
            >
              {at < 5 && <kbd>{at + 1}</kbd>}
              <span className="two">
                <bdi className="strong">{candidate.label}</bdi>
                <span className="small quiet">{candidate.why}</span>
              </span>
            </Button>
            <LinkButton type="link" size="small" to={`/engine/runs/${candidate.run_id}`}>
              {t("act.waybill")}
            </LinkButton>
          </li>
        ))}
      </ol>
      <Button danger data-testid="discard" onClick={() => onAsk({ kind: "discard" })}>
        {t("unmatched.discard")} <kbd>d</kbd>
      </Button>
    </aside>
  );
}

/** A report given to a wrong order is a serious thing, so the choice is read once more. */
function Confirm(props: {
  file: UnmatchedFile;
  candidate: Candidate;
  reload: () => void;
  onClose: () => void;
}) {
  const { t } = useI18n();
  const { file, candidate, reload, onClose } = props;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const take = async () => {
    setBusy(true);
    try {
      await api.choose(file.id, candidate.run_id);
      onClose();
      reload();
    } catch (failure) {
      const problem = problemFrom(failure);
      setError(`${problem.detail || problem.message} ${problem.code}`);
      setBusy(false);
    }
  };
  const submit = { help: "unmatched.take" as const, run: () => void take() };
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: onClose }, Enter: submit }, { modal: true });
  return (
    <Modal
      open
      title={t("unmatched.take")}
      okText={t("unmatched.take")}
      cancelText={t("act.back")}
      okButtonProps={{ loading: busy, autoFocus: true }}
      onOk={() => void take()}
      onCancel={onClose}
    >
      <p>{t("unmatched.take.explain")}</p>
      <p className="say" style={{ marginTop: 10 }}>
        <span className="mono">{nameOf(file.path)}</span> → <bdi>{candidate.label}</bdi>
      </p>
      <p className="quiet">{candidate.why}</p>
      {error && (
        <p role="alert" className="err">
          {error}
        </p>
      )}
    </Modal>
  );
}
