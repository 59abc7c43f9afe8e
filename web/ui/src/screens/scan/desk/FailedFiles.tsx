import { Button } from "antd";
import { useState } from "react";
import { scan } from "@/api/scan";
import { useI18n } from "@/i18n";
import { NoteDialog } from "@/parts/NoteDialog";
import { Why } from "@/parts/why";
import type { Batch, ScanFile } from "../types";
import type { Desk } from "./useDesk";

/** Files that cannot be read stand in the way of closing, until they are read after all or left out with a reason. */
export function FailedFiles({ desk, batch }: { desk: Desk; batch: Batch }) {
  const { t } = useI18n();
  const [leaving, setLeaving] = useState<ScanFile | null>(null);
  const failed = batch.files.filter((file) => file.state === "failed");
  const retry = async (file: ScanFile) => {
    await desk.send(() => scan.retryFile(batch.id, file.id), t("scan.file.retried"));
    desk.loaded.reload();
  };
  return (
    <ul className="band-row amber failed-files" data-testid="failed-files">
      {failed.map((file) => (
        <li key={file.id} className="row">
          <span className="mono ellipsis">{file.name}</span>
          <span className="grow ellipsis" title={file.reason}>
            <Why code={file.code} reason={file.reason} />
          </span>
          {batch.can.edit && (
            <>
              <Button size="small" onClick={() => void retry(file)}>
                {t("act.reload")}
              </Button>
              <Button size="small" danger onClick={() => setLeaving(file)}>
                {t("scan.file.leave")}
              </Button>
            </>
          )}
        </li>
      ))}
      {leaving && (
        <NoteDialog
          title={t("scan.file.leave")}
          explain={t("scan.file.leave.explain", { name: leaving.name })}
          action={t("scan.file.leave")}
          label={t("scan.reason")}
          required
          danger
          onClose={() => setLeaving(null)}
          onDone={async (reason) => {
            const problem = await desk.send(
              () => scan.dismissFile(batch.id, leaving.id, reason),
              t("scan.file.left"),
            );
            if (problem) throw problem;
            desk.loaded.reload();
          }}
        />
      )}
    </ul>
  );
}
