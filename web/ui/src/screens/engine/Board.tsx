import { Tooltip } from "antd";
import { memo } from "react";
import { Link } from "react-router";
import { useI18n } from "@/i18n";
import { Ago, Spark, StateTag } from "@/parts/bits";
import { type BoardRow, pathOf, type Section } from "./rows";

interface Props {
  sections: Section[];
  cursor: string | number | null;
  onCursor: (key: string) => void;
}

/** Plain rows, each drawn anew only when it changed: five hundred of them stay quick. */
export function Board({ sections, cursor, onCursor }: Props) {
  const { t } = useI18n();
  return (
    <table className="board">
      <thead>
        <tr>
          <th scope="col">{t("board.name")}</th>
          <th scope="col">{t("col.state")}</th>
          <th scope="col" className="num">
            {t("board.ratein")}
          </th>
          <th scope="col" className="num">
            {t("board.rateout")}
          </th>
          <th scope="col" className="num">
            {t("board.queue")}
          </th>
          <th scope="col" className="num">
            {t("board.running")}
          </th>
          <th scope="col" className="num">
            {t("dash.held")}
          </th>
          <th scope="col" className="num">
            {t("dash.dead")}
          </th>
          <th scope="col">{t("dash.oldest")}</th>
          <th scope="col">{t("dash.lasterror")}</th>
          <th scope="col">{t("dash.spark")}</th>
        </tr>
      </thead>
      {sections.map((section) => (
        <tbody key={section.name} aria-label={titleOf(section, t)}>
          <tr className={`group group-${section.name}`}>
            <th colSpan={11} scope="rowgroup">
              {titleOf(section, t)} <span className="count">{section.rows.length}</span>
            </th>
          </tr>
          {section.rows.map((row) => (
            <Row key={row.key} row={row} on={row.key === cursor} onCursor={onCursor} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

function titleOf(section: Section, t: ReturnType<typeof useI18n>["t"]): string {
  if (section.name === "trouble") return t("board.trouble");
  return section.name === "connections" ? t("dash.connections") : t("dash.routes");
}

const Row = memo(RowLine, (old, now) => old.on === now.on && same(old.row, now.row));

/** Every answer is new objects: rows are compared by what they show. */
function same(old: BoardRow, now: BoardRow): boolean {
  return old === now || JSON.stringify(old) === JSON.stringify(now);
}

function RowLine({ row, on, onCursor }: { row: BoardRow; on: boolean; onCursor: (key: string) => void }) {
  const { t, word } = useI18n();
  const reason = row.pause
    ? [t("board.by", { state: word("state", row.pause.state), who: row.pause.by }), row.pause.note]
        .filter(Boolean)
        .join(": ")
    : row.reason;
  return (
    <tr data-row-key={row.key} className={on ? "cursor" : ""} onClick={() => onCursor(row.key)}>
      <td>
        <span className="two">
          <Link to={pathOf(row)} className="mono strong ellipsis">
            {row.name}
          </Link>
          <span className="small quiet mono">{row.sub}</span>
        </span>
      </td>
      <td>
        <span className="two">
          <span className="row">
            <StateTag state={row.state} />
            <span className="small quiet">{row.since && <Ago at={row.since} />}</span>
          </span>
          {reason && (
            <Tooltip title={reason}>
              <span className="small quiet ellipsis">{reason}</span>
            </Tooltip>
          )}
        </span>
      </td>
      <td className="num" title={t("board.total.in", { n: row.totalIn })}>
        <Rate value={row.rateIn} />
      </td>
      <td className="num" title={t("board.total.in", { n: row.totalOut })}>
        <Rate value={row.rateOut} />
      </td>
      <td className="num">
        <Num value={row.queue} />
      </td>
      <td className="num">
        <Num value={row.running} />
      </td>
      <td className="num">
        <Num value={row.held} tone="held" />
      </td>
      <td className="num">
        <Num value={row.dead} tone="bad" />
      </td>
      <td>
        <Ago at={row.oldest} />
      </td>
      <td>
        {row.lastError ? (
          <Tooltip title={row.lastError}>
            <span className="err ellipsis">{row.lastError}</span>
          </Tooltip>
        ) : (
          <span className="quiet">–</span>
        )}
      </td>
      <td>
        <Spark values={row.spark} label={t("dash.spark.label", { name: row.name })} />
      </td>
    </tr>
  );
}

function Num({ value, tone = "" }: { value: number; tone?: string }) {
  return <span className={value ? tone : "zero"}>{value}</span>;
}

function Rate({ value }: { value: number }) {
  const { locale } = useI18n();
  const text = new Intl.NumberFormat(locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  return <span className={value ? "" : "zero"}>{text}</span>;
}
