import { Button } from "antd";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { records } from "@/api/records";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { PageHead, Tag } from "@/parts/bits";
import { NoteDialog } from "@/parts/NoteDialog";
import { Show } from "@/parts/States";
import { PdfView } from "@/pdf/PdfView";
import { PatientLine } from "../scan/assign/Echo";
import { AttributeForm } from "./edit/Attributes";
import { HistoryPane, useHistory } from "./edit/HistoryPane";
import { Pages } from "./edit/Pages";
import { Said, useSaid } from "./say";
import type { ReaderDocument } from "./types";
import { useRecordWords } from "./words";

/** DOCUMENT EDIT /documents/:id/edit */
export default function DocumentEdit() {
  const { id = "" } = useParams();
  const loaded = useLoad(`edit ${id}`, (signal) => records.reader(id, signal), [`document:${id}`]);
  return (
    <div className="page fill">
      <Show of={loaded} lines={10}>
        {(data) => <Edit key={id} data={data} reload={loaded.reload} />}
      </Show>
    </div>
  );
}

function Edit({ data, reload }: { data: ReaderDocument; reload: () => void }) {
  const { t, word } = useI18n();
  const go = useNavigate();
  const words = useRecordWords();
  const { document } = data;
  const history = useHistory(document.id);
  const [busy, setBusy] = useState(false);
  const [withdrawing, setWithdrawing] = useState(false);
  const { said, say, fail } = useSaid();
  const gone = document.state === "withdrawn";
  const undoable = history.items.find((one) => one.can_undo);

  const send = async (act: Promise<unknown>, done: string) => {
    setBusy(true);
    try {
      await act;
      say(done);
      reload();
      history.first.reload();
    } catch (error) {
      fail(error);
    }
    setBusy(false);
  };
  const undo = () => {
    if (undoable)
      void send(records.undo(document.id), t("edit.undone.did", { what: word("edit.act", undoable.kind) }));
    else say(t("edit.noundo"));
  };
  const restore = () => void send(records.restore(document.id), t("edit.restored"));
  const toReader = () => void go(`/patients/${data.patient.id}/documents?d=${document.id}`);
  const keys: Bindings = {
    u: { help: "edit.key.undo", run: undo },
    a: { help: "edit.key.fields", run: () => window.document.getElementById("edit-kind")?.focus() },
    v: { help: "edit.key.reader", run: toReader },
    W: gone
      ? { help: "edit.key.restore", run: restore }
      : { help: "edit.key.withdraw", run: () => setWithdrawing(true) },
  };
  useKeys("edit", keys);
  return (
    <>
      <PageHead title={words.title(document)} sub={<PatientLine patient={data.patient} />}>
        <Said said={said} />
        <Button disabled={!undoable} loading={busy} onClick={undo} data-testid="undo">
          {t("edit.undo")} <kbd>u</kbd>
        </Button>
        <Button onClick={toReader}>
          {t("edit.reader")} <kbd>v</kbd>
        </Button>
        {gone ? (
          <Button type="primary" onClick={restore}>
            {t("edit.restore")} <kbd>W</kbd>
          </Button>
        ) : (
          <Button danger onClick={() => setWithdrawing(true)}>
            {t("edit.withdraw")} <kbd>W</kbd>
          </Button>
        )}
      </PageHead>
      <div className="edit">
        <section className="card card-body edit-side" aria-label={t("edit.attributes")}>
          {gone && (
            <p className="band-row red" role="status">
              <span>
                <Tag tone="red">{t("find.state.withdrawn")}</Tag> {t("edit.gone")}
              </span>
            </p>
          )}
          <AttributeForm
            document={document}
            disabled={gone}
            busy={busy}
            onSave={(said) => void send(records.edit(document.id, said), t("edit.saved"))}
          />
        </section>
        {data.pages ? (
          <Pages
            data={data}
            disabled={gone}
            onSave={async (pages, reason) => {
              await records.pages(document.id, pages, reason);
              say(t("edit.pages.saved", { n: document.version + 1 }));
              reload();
              history.first.reload();
            }}
          />
        ) : (
          <PdfView url={records.version(document.id, document.version)} title={t("reader.route")} />
        )}
        <HistoryPane history={history} data={data} />
      </div>
      {withdrawing && (
        <NoteDialog
          title={t("edit.withdraw")}
          explain={t("edit.withdraw.explain")}
          action={t("edit.withdraw")}
          label={t("edit.reason")}
          most={200}
          required
          danger
          onClose={() => setWithdrawing(false)}
          onDone={async (reason) => {
            await records.withdraw(document.id, reason);
            say(t("edit.withdrawn"));
            reload();
            history.first.reload();
          }}
        />
      )}
    </>
  );
}
