import { Button, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import type { Problem } from "@/api/client";
import { records } from "@/api/records";
import { problemFrom } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { PageHead } from "@/parts/bits";
import { LinkButton } from "@/parts/LinkButton";
import { NoteDialog } from "@/parts/NoteDialog";
import { Empty, Failure, Skeleton } from "@/parts/States";
import { RecordsNav } from "./RecordsNav";
import { PersonField } from "./repair/PersonField";
import { Preview } from "./repair/Preview";
import { type Chosen, What } from "./repair/What";
import type { PatientBrief, Repaired, RepairPreview } from "./types";

interface Brought {
  from?: PatientBrief;
  documents?: string[];
  pages?: string[];
}

/** REPAIR /records/repair: from the wrong patient to the right one, seen first, then one confirm. */
export default function Repair() {
  const { t } = useI18n();
  // what another screen brought, in the history's state: never in the address
  const brought = useLocation().state as Brought | null;
  const [from, setFrom] = useState<PatientBrief | null>(brought?.from ?? null);
  const [to, setTo] = useState<PatientBrief | null>(null);
  const [chosen, setChosen] = useState<Chosen>({
    documents: brought?.documents ?? [],
    pages: brought?.pages ?? [],
  });
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState<(Repaired & { to: PatientBrief; from: PatientBrief }) | null>(null);
  const fromField = useRef<InputRef>(null);
  const toField = useRef<InputRef>(null);
  const { preview, problem, again } = usePreview(chosen, to);
  const ready = preview !== null && !preview.conflicts.length;

  useKeys("nav.repair", {
    "1": { help: "repair.key.from", run: () => fromField.current?.focus() },
    "2": { help: "repair.key.to", run: () => toField.current?.focus() },
    "Ctrl+Enter": { help: "repair.key.do", run: () => ready && setAsking(true) },
  });
  const some = chosen.documents.length + chosen.pages.length > 0;
  return (
    <div className="page fill">
      <PageHead title={t("nav.repair")} sub={t("repair.sub")}>
        <RecordsNav />
      </PageHead>
      {done && (
        <div className="band-row green" role="status" data-testid="repaired">
          <span>{t("repair.done", { n: done.pages, name: done.to.name })}</span>
          <LinkButton size="small" to={`/patients/${done.to.id}/documents`}>
            {t("repair.look")}
          </LinkButton>
        </div>
      )}
      <div className="repair">
        <section className="repair-from" aria-label={t("repair.from")}>
          <div className="card card-body">
            <PersonField
              id="from"
              digit="1"
              label={t("repair.from")}
              hint={t("repair.from.hint")}
              field={fromField}
              patient={from}
              onPatient={(patient) => {
                setFrom(patient);
                setChosen({ documents: [], pages: [] });
                setDone(null);
              }}
            />
          </div>
          {from && <What key={from.id} from={from} chosen={chosen} onChosen={setChosen} />}
        </section>
        <section className="repair-to" aria-label={t("repair.to")}>
          <div className="card card-body">
            <PersonField
              id="to"
              digit="2"
              label={t("repair.to")}
              hint={t("repair.to.hint")}
              field={toField}
              patient={to}
              onPatient={setTo}
            />
          </div>
          <div className="card repair-see">
            <div className="rec-scroll">
              {problem && <Failure problem={problem} onRetry={again} />}
              {!problem && !preview && some && to && <Skeleton lines={6} />}
              {!problem && !preview && !(some && to) && (
                <Empty title={t("repair.start")} hint={t("repair.start.hint")} />
              )}
              {preview && <Preview preview={preview} />}
            </div>
            <footer className="repair-do">
              <span className="small quiet grow">{t("repair.undo")}</span>
              <Button
                type="primary"
                disabled={!ready}
                onClick={() => setAsking(true)}
                data-testid="repair-do"
              >
                {t("repair.do")} <kbd>Ctrl</kbd>
                <kbd>Enter</kbd>
              </Button>
            </footer>
          </div>
        </section>
      </div>
      {asking && preview && from && to && (
        <NoteDialog
          title={t("repair.confirm")}
          explain={
            <>
              {t("repair.confirm.explain", { n: preview.pages, withdrawals: preview.withdrawals })}
              <span className="confirm-names">
                <bdi>{preview.from.map((one) => one.name).join(", ")}</bdi> → <bdi>{to.name}</bdi>
              </span>
            </>
          }
          action={t("repair.do")}
          label={t("repair.note")}
          most={200}
          required
          danger
          onClose={() => setAsking(false)}
          onDone={async (note) => {
            const made = await records.repair(asked(chosen, to), note);
            setDone({ ...made, to, from });
            setChosen({ documents: [], pages: [] });
          }}
        />
      )}
    </div>
  );
}

const asked = (chosen: Chosen, to: PatientBrief) => ({
  documents: [...chosen.documents],
  pages: [...chosen.pages],
  to: to.id,
});

/** What would happen, asked anew whenever something is chosen. */
function usePreview(
  chosen: Chosen,
  to: PatientBrief | null,
): { preview: RepairPreview | null; problem: Problem | null; again: () => void } {
  const [answer, setAnswer] = useState<{ key: string; preview?: RepairPreview; problem?: Problem }>();
  const [turn, setTurn] = useState(0);
  const key = to && chosen.documents.length + chosen.pages.length ? JSON.stringify(asked(chosen, to)) : "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    if (!key) return;
    const control = new AbortController();
    const timer = setTimeout(() => {
      records.repairPreview(JSON.parse(key), control.signal).then(
        (preview) => setAnswer({ key, preview }),
        (error: unknown) => !control.signal.aborted && setAnswer({ key, problem: problemFrom(error) }),
      );
    }, 250);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [key, turn]);
  const now = key && answer?.key === key ? answer : undefined;
  return {
    preview: now?.preview ?? null,
    problem: now?.problem ?? null,
    again: () => {
      setAnswer(undefined);
      setTurn((old) => old + 1);
    },
  };
}
