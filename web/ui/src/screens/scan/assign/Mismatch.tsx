import { Button } from "antd";
import { useState } from "react";
import type { Problem } from "@/api/client";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { NoteDialog } from "@/parts/NoteDialog";
import { whyIn } from "@/parts/why";
import type { AssignAsked, PatientBrief } from "../types";

export interface Stopped {
  ask: AssignAsked;
  patient: PatientBrief;
  problem: Problem;
}

interface Props {
  stopped: Stopped;
  onBack: () => void;
  /** Keeps the wish for a second person. */
  onPropose: (note: string) => Promise<unknown>;
}

/** The page says another patient than the one chosen: nothing is assigned, and one person alone cannot override it. */
export function Mismatch({ stopped, onBack, onPropose }: Props) {
  const { t, word, language } = useI18n();
  const [asking, setAsking] = useState(false);
  useKeys(
    "scan.mismatch",
    {
      Escape: { help: "scan.mismatch.back", run: onBack },
      "2": { help: "scan.mismatch.second", run: () => setAsking(true) },
    },
    { modal: true },
  );
  const { fields, detail, code } = stopped.problem;
  return (
    <section className="mismatch" role="alert" data-testid="mismatch">
      <h2>{t("scan.mismatch")}</h2>
      <p>
        {fields.length
          ? t("scan.mismatch.fields", { fields: fields.map((name) => word("scan.field", name)).join(", ") })
          : whyIn(language, { code, reason: detail }).text}{" "}
        <span className="mono">{code}</span>
      </p>
      <p>{t("scan.mismatch.hint")}</p>
      <div className="row wrap">
        <Button autoFocus onClick={onBack}>
          {t("scan.mismatch.back")} <kbd>Esc</kbd>
        </Button>
        <Button danger onClick={() => setAsking(true)}>
          {t("scan.mismatch.second")} <kbd>2</kbd>
        </Button>
      </div>
      {asking && (
        <NoteDialog
          title={t("scan.mismatch.second")}
          explain={t("scan.mismatch.explain")}
          action={t("scan.mismatch.propose")}
          label={t("scan.reason")}
          required
          danger
          onClose={() => setAsking(false)}
          onDone={onPropose}
        />
      )}
    </section>
  );
}
