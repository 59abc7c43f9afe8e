import { Alert, Button } from "antd";
import { useState } from "react";
import { api } from "@/api/api";
import { Problem } from "@/api/client";
import type { Plan } from "@/api/types";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { NoteDialog } from "@/parts/NoteDialog";

/** A reload that found faults has changed nothing: the dialog says the first of them. */
export function refuseFaults(made: Plan): void {
  const first = made.problems[0];
  if (first)
    throw new Problem(409, first.code, first.text, [first.text, first.advice, first.place].join(" · "));
}

/** What differs between the text on disk and what runs; deploying it, all or nothing. */
export function PlanBox({ plan, onDone }: { plan: Plan; onDone: () => void }) {
  const { t, word } = useI18n();
  const { rights } = useSession();
  const [asking, setAsking] = useState(false);
  if (!plan.changes.length && !plan.notes.length && !plan.problems.length) return null;
  const bad = plan.problems.length > 0;
  return (
    <>
      <Alert
        showIcon
        type={bad ? "error" : "warning"}
        title={bad ? t("routes.faults") : t("routes.plan")}
        data-testid="plan"
        action={
          !bad &&
          rights.includes("operate") && (
            <Button onClick={() => setAsking(true)} data-testid="deploy">
              {t("routes.deploy")}
            </Button>
          )
        }
        description={
          <ul className="plan">
            {plan.problems.map((one) => (
              <li key={`${one.place}${one.code}${one.text}`}>
                <span className="mono">{one.place}</span> <span className="mono">{one.code}</span> {one.text}
                {one.advice && <span className="quiet"> · {one.advice}</span>}
              </li>
            ))}
            {plan.changes.map((one) => (
              <li key={`${one.kind}${one.name}`}>
                {word("kind", one.kind)} <span className="mono strong">{one.name}</span>:{" "}
                {word("change", one.change)}
                {one.detail && one.change === "changed" && <span className="quiet"> · {one.detail}</span>}
              </li>
            ))}
            {plan.notes.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        }
      />
      {asking && (
        <NoteDialog
          title={t("routes.deploy")}
          explain={t("routes.deploy.explain")}
          action={t("routes.deploy")}
          label={t("note.optional")}
          onClose={() => setAsking(false)}
          onDone={async (note) => {
            const made = await api.reload({ note });
            refuseFaults(made);
            onDone();
          }}
        />
      )}
    </>
  );
}
