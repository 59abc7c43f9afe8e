import { useI18n } from "@/i18n";
import type { HistoryEntry } from "../types";
import { useRecordWords } from "../words";

/** What was there before, crossed out, and what is there now. */
export function Changes({ changes }: { changes: HistoryEntry["changes"] }) {
  const { t, word } = useI18n();
  const words = useRecordWords();
  const shown = (name: string, value: unknown): string => {
    if (value === null || value === undefined || value === "") return t("edit.nothing");
    if (name === "kind") return words.kind(String(value));
    if (name === "department") return words.department(String(value));
    if (name === "date") return words.date(String(value));
    if (name === "state") return word("find.state", String(value));
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
  return (
    <ul className="changes">
      {changes.map((one) => (
        <li key={one.name}>
          <span className="quiet">{word("scan.field", one.name)}:</span>{" "}
          <del>
            <span className="hidden">{t("edit.before")}</span>
            {shown(one.name, one.before)}
          </del>{" "}
          <ins>
            <span className="hidden">{t("edit.after")}</span>
            {shown(one.name, one.after)}
          </ins>
        </li>
      ))}
    </ul>
  );
}
