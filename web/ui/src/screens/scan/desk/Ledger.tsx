import { CheckCircleFilled, WarningFilled } from "@ant-design/icons";
import { Button, InputNumber } from "antd";
import { memo, useState } from "react";
import { useI18n } from "@/i18n";
import { whyIn } from "@/parts/why";
import type { Batch, Ledger as LedgerData } from "../types";
import { isPlace } from "./flags";

const PARTS = [
  "kept",
  "label",
  "separator",
  "header",
  "blank",
  "dropped",
  "replaced",
  "rescan",
] as const satisfies readonly (keyof LedgerData)[];

/** What a person reads first of the ledger: whether it balances, and which part does not. */
export function useLedgerWords(): (batch: Pick<Batch, "ledger" | "code" | "reason">) => string[] {
  const { t, language } = useI18n();
  return ({ ledger, code, reason }) => {
    const sum = ledger.images - ledger.replaced;
    const off = ledger.expected === null ? 0 : sum - ledger.expected;
    const said = {
      unknown: t("scan.why.unknown"),
      count: t(off < 0 ? "scan.why.few" : "scan.why.many", {
        sum,
        expected: ledger.expected ?? 0,
        n: Math.abs(off),
      }),
      documents: t("scan.why.documents", { n: ledger.groups, said: ledger.documents ?? 0 }),
      rescan: t("scan.why.rescan", { n: ledger.rescan }),
      pending: t("scan.why.pending", { n: ledger.pending_files }),
      failed: t("scan.why.failed", { n: ledger.failed_files }),
      stopped: t("scan.why.stopped", { why: whyIn(language, { code, reason }).text }),
    };
    return ledger.why.map((why) => said[why]);
  };
}

interface Props {
  batch: Pick<Batch, "ledger" | "code" | "reason" | "can" | "state" | "pages">;
  onSheets: (sheets: number) => void;
  onClose: () => void;
  /** Takes back the place of what is scanned next. */
  onInsert: (page: Batch["pages"][number]) => void;
}

/** The page ledger as a picture: what was fed above, what became of it below, and in words what does not fit. */
export const Ledger = memo(function Ledger({ batch, onSheets, onClose, onInsert }: Props) {
  const { t, word } = useI18n();
  const why = useLedgerWords()(batch);
  const { ledger } = batch;
  const sum = ledger.images - ledger.replaced;
  const at = batch.pages.findIndex(isPlace);
  const place = batch.pages[at];
  const most = Math.max(1, ledger.expected ?? 0, ledger.images);
  const shown = PARTS.filter((part) => ledger[part] > 0);
  const missing = ledger.expected === null ? 0 : Math.max(0, ledger.expected - sum);
  const parts = shown.map((part) => `${word("scan.state", part)} ${ledger[part]}`).join(", ");
  const share = (n: number) => ({ width: `${(n / most) * 100}%` });
  return (
    <section className="ledger card" aria-label={t("scan.ledger")} data-testid="ledger">
      <div className="ledger-picture">
        <Sheets ledger={ledger} onSheets={onSheets} may={batch.can.edit} />
        <div className="ledger-bars" role="img" aria-label={t("scan.ledger.picture", { sum, parts })}>
          <div className="ledger-fed">
            <i style={share(ledger.expected ?? 0)} />
          </div>
          <div className="ledger-got">
            {shown.map((part) => (
              <i key={part} className={`seg seg-${part}`} style={share(ledger[part])} />
            ))}
            {missing > 0 && <i className="seg seg-missing" style={share(missing)} />}
          </div>
        </div>
        <ul className="ledger-key">
          {shown.map((part) => (
            <li key={part}>
              <i className={`seg seg-${part}`} /> {word("scan.state", part)} <b>{ledger[part]}</b>
            </li>
          ))}
          {ledger.pending_files > 0 && (
            <li>
              <i className="seg seg-missing" /> {t("scan.ledger.pending", { n: ledger.pending_files })}
            </li>
          )}
          {place && (
            <li data-testid="insert-place">
              <i className="seg seg-here" /> {t("scan.insert.place", { n: at + 1 })}{" "}
              {batch.can.edit && (
                <button type="button" className="link" onClick={() => onInsert(place)}>
                  {t("scan.insert.back")}
                </button>
              )}
            </li>
          )}
        </ul>
      </div>
      <div className="ledger-say" aria-live="polite" data-testid="ledger-say">
        {ledger.balances ? (
          <p className="good">
            <CheckCircleFilled /> {t("scan.balances", { sum })}
          </p>
        ) : (
          <ul>
            {why.map((text) => (
              <li key={text} className="warn">
                <WarningFilled /> {text}
              </li>
            ))}
          </ul>
        )}
      </div>
      {(batch.state === "open" || batch.state === "stopped") && (
        <Button type="primary" disabled={!batch.can.close} onClick={onClose} data-testid="close">
          {t("scan.close")} <kbd>C</kbd>
        </Button>
      )}
    </section>
  );
});

/** "100 sheets, one side: 100 images", with the number asked in its place. */
function Sheets({
  ledger,
  onSheets,
  may,
}: {
  ledger: LedgerData;
  onSheets: (sheets: number) => void;
  may: boolean;
}) {
  const { t, word } = useI18n();
  const [typed, setTyped] = useState<number | null>(ledger.sheets);
  const [from, setFrom] = useState(ledger.sheets);
  if (from !== ledger.sheets) {
    setFrom(ledger.sheets);
    setTyped(ledger.sheets);
  }
  const save = () => {
    if (typed !== null && typed !== ledger.sheets) onSheets(typed);
  };
  return (
    <div className="ledger-sheets">
      <label htmlFor="sheets">{t("scan.sheets.fed")}</label>
      <InputNumber
        id="sheets"
        size="small"
        min={0}
        max={100_000}
        precision={0}
        controls={false}
        disabled={!may}
        status={ledger.sheets === null ? "warning" : undefined}
        value={typed}
        onChange={setTyped}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.key === "Escape") setTyped(ledger.sheets);
          if (event.key === "Enter" || event.key === "Escape") (event.target as HTMLElement).blur();
        }}
      />
      <span className="quiet">
        {ledger.expected !== null && t("scan.ledger.expected", { n: ledger.expected })}{" "}
        {word("scan.sides", ledger.sides)}
      </span>
    </div>
  );
}
