import { App } from "antd";
import { useCallback, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { api } from "@/api/api";
import type { SignReport } from "@/api/types";
import { problemFrom, useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { NoteDialog } from "@/parts/NoteDialog";
import { Empty, Show } from "@/parts/States";
import { PdfView } from "@/pdf/PdfView";
import { isOpen } from "./JobTag";
import { ReportFacts } from "./ReportFacts";
import { SignBox } from "./SignBox";

export default function ReportScreen() {
  const { id = "" } = useParams();
  return <Loaded key={id} id={id} />;
}

function Loaded({ id }: { id: string }) {
  const report = useLoad(`sign ${id}`, (signal) => api.signReport(id, signal), ["sign", `run:${id}`]);
  return (
    <div className="page report-page">
      <Show of={report} lines={12}>
        {(data) => <Page report={data} reload={report.reload} />}
      </Show>
    </div>
  );
}

/** What was examined, and the order: the words that stand on the report too. */
const titleOf = ({ order }: SignReport): string => [order.description, order.id].filter(Boolean).join(" · ");

function Page({ report, reload }: { report: SignReport; reload: () => void }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const [refusing, setRefusing] = useState(false);
  const id = report.run_id;
  const act = useCallback(
    async (work: () => Promise<unknown>) => {
      setBusy(true);
      try {
        await work();
      } catch (error) {
        const problem = problemFrom(error);
        message.error(`${problem.detail || problem.message} ${problem.code}`, 8);
      }
      setBusy(false);
      reload();
    },
    [message, reload],
  );
  const open = isOpen(report.job);
  const acts = {
    sign: () => void (report.can_sign && !busy && act(() => api.sign(id))),
    refuse: () => !open && report.status === "Processed" && setRefusing(true),
    reread: () => void act(() => api.reread(id)),
    withdraw: () => void act(() => api.cancelSigning(id)),
    next: () => void go(report.next && report.next !== id ? `/sign/${report.next}` : "/sign"),
  };
  const keys: Bindings = {
    s: { help: "keys.sign", run: acts.sign },
    x: { help: "keys.refuse", run: acts.refuse },
    n: { help: "keys.next", run: acts.next },
  };
  useKeys("keys.report", keys);
  return (
    <div className="report">
      {report.document ? (
        <PdfView
          key={report.document.sha256}
          url={report.document.url}
          title={titleOf(report) || t("report.title")}
        />
      ) : (
        <section className="pdf">
          <Empty title={t("report.nodocument")} hint={t("report.nodocument.hint")} />
        </section>
      )}
      <aside className="report-side card">
        <ReportFacts report={report} onReread={acts.reread} />
        <SignBox report={report} busy={busy} acts={acts} />
      </aside>
      {refusing && (
        <NoteDialog
          title={t("report.refuse")}
          explain={t("report.refuse.explain")}
          action={t("report.refuse")}
          label={t("report.refuse.reason")}
          required
          danger
          onClose={() => setRefusing(false)}
          onDone={(reason) => api.refuse(id, reason).then(reload)}
        />
      )}
    </div>
  );
}
