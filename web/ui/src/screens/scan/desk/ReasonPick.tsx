import { Input, Modal } from "antd";
import { useState } from "react";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";

/** Why a page is not kept, by the digit that says it; the words are stored as they stand here. */
export const DROPS = [
  "blank",
  "twice",
  "unreadable",
  "elsewhere",
  "cover",
  "form",
  "test",
  "note",
  "other",
] as const;
export type DropReason = (typeof DROPS)[number];

interface Props {
  count: number;
  onClose: () => void;
  onDone: (reason: string) => void;
}

/** `d`, then a digit. The last one asks for words. */
export function ReasonPick({ count, onClose, onDone }: Props) {
  const { t } = useI18n();
  const [words, setWords] = useState<string | null>(null);
  const pick = (reason: DropReason) => {
    if (reason === "other") setWords("");
    else onDone(reason);
  };
  const keys: Bindings = { Escape: { help: "keys.close", run: onClose } };
  for (const [at, reason] of DROPS.entries())
    keys[String(at + 1)] = { help: `scan.drop.${reason}`, run: () => pick(reason) };
  useKeys("scan.drop.title", keys, { modal: true });
  return (
    <Modal open title={t("scan.drop.title")} footer={null} onCancel={onClose} width={420}>
      <p className="quiet">{t("scan.drop.explain", { n: count })}</p>
      {words === null ? (
        <ol className="reason-list">
          {DROPS.map((reason, at) => (
            <li key={reason}>
              <button type="button" onClick={() => pick(reason)} data-testid={`reason-${at + 1}`}>
                <kbd>{at + 1}</kbd> {t(`scan.drop.${reason}`)}
              </button>
            </li>
          ))}
        </ol>
      ) : (
        <label htmlFor="drop-words" className="two" style={{ gap: 4, marginTop: 10 }}>
          {t("scan.reason")}
          <Input
            id="drop-words"
            autoFocus
            maxLength={200}
            value={words}
            onChange={(event) => setWords(event.target.value)}
            onKeyDown={(event) => event.key === "Escape" && onClose()}
            onPressEnter={() => words.trim() && onDone(words.trim())}
          />
        </label>
      )}
    </Modal>
  );
}
