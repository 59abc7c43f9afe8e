import { Button } from "antd";
import { useState } from "react";
import { api } from "@/api/api";
import type { Waybill } from "@/api/types";
import { useI18n } from "@/i18n";
import { Ago, At } from "@/parts/bits";
import { NoteDialog } from "@/parts/NoteDialog";

/** What the route asks a person, with a button for each answer. */
export function Question({ run, reload }: { run: Waybill; reload: () => void }) {
  const { t } = useI18n();
  const [answer, setAnswer] = useState<string | null>(null);
  const asked = run.question;
  if (!asked) return null;
  return (
    <section className="card card-body question">
      <h2>{t("waybill.question")}</h2>
      <p className="say">{asked.text}</p>
      <div className="row wrap">
        {asked.answers.map((one) => (
          <Button key={one} onClick={() => setAnswer(one)} data-testid={`answer-${one}`}>
            {one}
          </Button>
        ))}
        <span className="quiet">
          {t("waybill.since")} <Ago at={asked.since} />
        </span>
        {asked.until && (
          <span className="quiet">
            {t("waybill.next")} <At at={asked.until} />
          </span>
        )}
      </div>
      {answer !== null && (
        <NoteDialog
          title={`${t("waybill.answered")}: ${answer}`}
          explain={asked.text}
          action={t("act.answer")}
          label={t("note.optional")}
          onClose={() => setAnswer(null)}
          onDone={(note) => api.answer(run.id, answer, note).then(reload)}
        />
      )}
    </section>
  );
}
