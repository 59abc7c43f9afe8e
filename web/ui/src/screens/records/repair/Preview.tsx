import { ArrowRightOutlined } from "@ant-design/icons";
import { useI18n } from "@/i18n";
import { At, Tag } from "@/parts/bits";
import { PatientLine } from "../../scan/assign/Echo";
import { iso } from "../../scan/desk/words";
import type { RepairPreview } from "../types";
import { useRecordWords } from "../words";

/** What would happen: from whom to whom, which documents, who was told, who has read it. */
export function Preview({ preview }: { preview: RepairPreview }) {
  const { t, word } = useI18n();
  const words = useRecordWords();
  return (
    <div className="repair-preview" data-testid="repair-preview">
      {preview.conflicts.length > 0 && (
        <div className="band-row red" role="alert">
          <ul>
            {preview.conflicts.map((one) => (
              <li key={one}>{word("repair.conflict", one)}</li>
            ))}
          </ul>
        </div>
      )}
      <div className="from-to">
        <span className="two">
          <span className="small quiet">{t("repair.from")}</span>
          {preview.from.map((one) => (
            <PatientLine key={one.id} patient={one} />
          ))}
        </span>
        <ArrowRightOutlined className="quiet" />
        <span className="two">
          <span className="small quiet">{t("repair.to")}</span>
          <PatientLine patient={preview.to} />
        </span>
      </div>
      <h2>{t("repair.documents", { n: preview.documents.length, pages: preview.pages })}</h2>
      <ul className="repair-docs">
        {preview.documents.map((one) => (
          <li key={one.id}>
            <span className="row">
              <span className="grow ellipsis strong">
                {words.title(one)} <span className="quiet">{words.date(one.date)}</span>
              </span>
              {one.sent && (
                <Tag tone="amber" bare tiny>
                  {t("repair.sent")}
                </Tag>
              )}
            </span>
            <span className="small quiet">
              {one.becomes === "moved"
                ? t("repair.moved", { n: one.pages })
                : t("repair.split", { n: one.pages, left: one.left })}
            </span>
          </li>
        ))}
      </ul>
      <h2>{t("repair.told")}</h2>
      <p className={preview.withdrawals ? "warn" : "quiet"} data-testid="withdrawals">
        {preview.withdrawals ? t("repair.withdrawals", { n: preview.withdrawals }) : t("repair.nobody.told")}
      </p>
      <h2>{t("repair.readers")}</h2>
      {preview.readers.length ? (
        <ul className="readers" data-testid="readers">
          {preview.readers.map((one) => (
            <li key={`${one.who} ${one.when}`}>
              <b>{one.who}</b> <At at={iso(one.when)} />
            </li>
          ))}
        </ul>
      ) : (
        <p className="quiet">{t("repair.readers.none")}</p>
      )}
    </div>
  );
}
