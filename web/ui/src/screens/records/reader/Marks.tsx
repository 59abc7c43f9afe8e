import { Button } from "antd";
import { useState } from "react";
import { records } from "@/api/records";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import type { DocumentFlag, ReaderDocument } from "../types";
import { ChooseNote } from "./ChooseNote";
import { Flags } from "./Flags";

const WRONG = ["patient", "kind", "unreadable", "other"] as const;
const ANSWERS = ["repaired", "fine"] as const;

interface Props {
  document: ReaderDocument;
  /** The page that is shown, from 0; null: the document has none here, or its PDF is shown. */
  at: number | null;
  active: boolean;
  marking: boolean;
  onMarking: (on: boolean) => void;
  onPage: (n: number) => void;
  reload: () => void;
}

/** Marks of readers on a document: shown, made with `!`, answered by who may edit. */
export function Marks({ document, at, active, marking, onMarking, onPage, reload }: Props) {
  const mayAnswer = useSession().rights.includes("edit") && active;
  const [answering, setAnswering] = useState<DocumentFlag | null>(null);
  const { flags } = document;
  const id = document.document.id;
  const waits = mayAnswer ? flags.find((one) => !one.answer) : undefined;
  const keys: Bindings = { "!": { help: "reader.key.flag", run: () => onMarking(true) } };
  if (waits) keys.y = { help: "flag.answer", run: () => setAnswering(waits) };
  useKeys("keys.pdf", keys, { enabled: active });
  return (
    <>
      <Flags flags={flags} mayAnswer={mayAnswer} onAnswer={setAnswering} onPage={onPage} />
      {marking && <Marking id={id} at={at} onClose={() => onMarking(false)} onDone={reload} />}
      {answering && <Answering id={id} flag={answering} onClose={() => setAnswering(null)} onDone={reload} />}
    </>
  );
}

interface Asking {
  id: string;
  onClose: () => void;
  onDone: () => void;
}

function Marking({ id, at, onClose, onDone }: Asking & { at: number | null }) {
  const { t } = useI18n();
  const [whole, setWhole] = useState(at === null);
  const n = whole || at === null ? null : at + 1;
  return (
    <ChooseNote
      title={n === null ? t("flag.title.whole") : t("flag.title.page", { n })}
      explain={
        <>
          {t("flag.explain")}{" "}
          {at !== null && (
            <Button size="small" onClick={() => setWhole(!whole)} data-testid="flag-scope">
              {whole ? t("flag.topage", { n: at + 1 }) : t("flag.towhole")}
            </Button>
          )}
        </>
      }
      action={t("flag.mark")}
      choices={WRONG.map((value) => ({ value, label: `flag.reason.${value}` as const }))}
      needsNote={(value) => value === "other"}
      onClose={onClose}
      onDone={(reason, note) => records.flag(id, { reason, note, n }).then(onDone)}
    />
  );
}

function Answering({ id, flag, onClose, onDone }: Asking & { flag: DocumentFlag }) {
  const { t } = useI18n();
  return (
    <ChooseNote
      title={t("flag.answer")}
      explain={t("flag.answer.explain")}
      action={t("flag.answer")}
      choices={ANSWERS.map((value) => ({ value, label: `flag.answer.${value}` as const }))}
      needsNote={() => true}
      onClose={onClose}
      onDone={(answer, note) => records.answerFlag(id, flag.id, answer, note).then(onDone)}
    />
  );
}

/** Pages with a mark that waits for an answer. */
export function wrongOf({ flags }: ReaderDocument): ReadonlySet<number> {
  return new Set(flags.flatMap((one) => (one.answer || one.n === null ? [] : [one.n])));
}
