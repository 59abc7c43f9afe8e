import { FlagFilled, UserOutlined, WarningFilled } from "@ant-design/icons";
import { type CSSProperties, memo, useEffect, useState } from "react";
import { useI18n } from "@/i18n";
import { Tag, type Tone } from "@/parts/bits";
import { PageImage } from "../page/PageImage";
import { useSize } from "../page/useSize";
import { flaggedBy, flagsOf, isPlace } from "./flags";
import type { ShownPage } from "./local";

export const CELLS = [96, 128, 168, 224] as const;
const FOOT = 24;
const GAP = 8;
/** Less than this has no room in its foot for number, document and signs: the document's mark stands on the picture. */
const NARROW = 120;
/** Rows drawn above and below what is seen: the next arrow finds its pictures loaded. */
const SPARE = 2;

interface Props {
  pages: readonly ShownPage[];
  /** Page id to the number of its document, and whether it is the first page of it. */
  places: ReadonlyMap<string, { n: number; first: boolean }>;
  cursor: number;
  ticked: ReadonlySet<string>;
  /** The least width of a page; they are made to fill the row. */
  cell: number;
  /** The page's number in the batch, where not all pages are shown. */
  numberOf?: (page: ShownPage) => number;
  onChoose: (at: number, how: { range: boolean; tick: boolean }) => void;
  onOpen: () => void;
  /** How many pages stand beside each other: the arrows need it. */
  onColumns: (columns: number) => void;
  rows: (rows: number) => void;
}

/** The contact sheet: only what is seen is drawn, so that 5,000 pages move like ten. */
export function ContactSheet(props: Props) {
  const { pages, places, cursor, ticked, cell: least, onChoose, onOpen, onColumns, rows: onRows } = props;
  const { t } = useI18n();
  const [frame, size] = useSize<HTMLDivElement>({ width: 760, height: 520 });
  const [top, setTop] = useState(0);
  const columns = Math.max(1, Math.floor((size.width - GAP) / (least + GAP)));
  const cell = Math.floor((size.width - GAP) / columns) - GAP;
  const height = Math.round(cell * Math.SQRT2) + FOOT + GAP;
  const rows = Math.ceil(pages.length / columns);
  const seen = Math.max(1, Math.floor(size.height / height));
  const row = Math.floor(cursor / columns);

  useEffect(() => onColumns(columns), [columns, onColumns]);
  useEffect(() => onRows(seen), [seen, onRows]);
  useEffect(() => {
    const box = frame.current;
    if (!box) return;
    if (row * height < box.scrollTop) box.scrollTop = row * height;
    else if ((row + 1) * height + GAP > box.scrollTop + size.height)
      box.scrollTop = (row + 1) * height + GAP - size.height;
  }, [row, height, size.height, frame]);

  const first = Math.max(0, Math.floor(top / height) - SPARE);
  const last = Math.min(rows, Math.ceil((top + size.height) / height) + SPARE);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
  const current = pages[cursor];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a grid of which only what is seen is drawn
    <div
      ref={frame}
      className="sheet"
      role="grid"
      aria-label={t("scan.contact")}
      aria-rowcount={rows}
      aria-colcount={columns}
      aria-multiselectable
      aria-activedescendant={current ? `page-${current.id}` : undefined}
      tabIndex={0}
      data-testid="contact-sheet"
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div className="sheet-all" role="presentation" style={{ height: rows * height + GAP }}>
        {shown.map((at) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names the active cell
          // biome-ignore lint/a11y/useSemanticElements: rows are placed freely, which a table cannot
          <div
            key={at}
            role="row"
            aria-rowindex={at + 1}
            className="sheet-row"
            style={{ top: at * height + GAP }}
          >
            {pages.slice(at * columns, (at + 1) * columns).map((page, column) => (
              <Cell
                key={page.id}
                page={page}
                place={places.get(page.id)}
                isCursor={at * columns + column === cursor}
                isTicked={ticked.has(page.id)}
                cell={cell}
                at={at * columns + column}
                number={props.numberOf?.(page) ?? at * columns + column + 1}
                onChoose={onChoose}
                onOpen={onOpen}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

const TONES: Partial<Record<ShownPage["state"], Tone>> = {
  rescan: "amber",
  dropped: "red",
  replaced: "slate",
  blank: "slate",
  separator: "blue",
  header: "blue",
  label: "blue",
};

interface CellProps {
  page: ShownPage;
  place: { n: number; first: boolean } | undefined;
  isCursor: boolean;
  isTicked: boolean;
  cell: number;
  at: number;
  number: number;
  onChoose: Props["onChoose"];
  onOpen: () => void;
}

const Cell = memo(function Cell(props: CellProps) {
  const { page, place, isCursor, isTicked, cell, at, number, onChoose, onOpen } = props;
  const { t, word } = useI18n();
  const isHere = isPlace(page);
  const by = flaggedBy(page);
  const flags = flagsOf(page)
    .map((flag) => word("scan.flag", flag))
    .join(", ");
  const names = [
    t("scan.page.n", { n: number }),
    page.state === "kept" ? "" : word("scan.state", page.state),
    place?.first ? t("scan.doc", { n: place.n }) : "",
    flags,
    isHere ? t("scan.insert.here") : "",
    page.state === "kept" && !page.patient ? t("scan.nopatient") : "",
  ];
  const marks = `${isCursor ? " on" : ""}${isTicked ? " ticked" : ""}${page.state === "kept" ? "" : " not-kept"}${isHere ? " here" : ""}${cell < NARROW ? " narrow" : ""}`;
  const style: CSSProperties = { width: cell, height: Math.round(cell * Math.SQRT2) + FOOT };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrows, Space and Enter do it on the grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names the active cell
    // biome-ignore lint/a11y/useSemanticElements: a cell of that grid
    <div
      id={`page-${page.id}`}
      role="gridcell"
      aria-selected={isTicked}
      aria-current={isCursor || undefined}
      aria-label={names.filter(Boolean).join(", ")}
      data-testid="cell"
      data-page={page.id}
      data-state={page.state}
      className={`cell${marks}${place ? ` doc-${place.n % 2}` : ""}${place?.first ? " doc-first" : ""}`}
      style={style}
      onClick={(event) => onChoose(at, { range: event.shiftKey, tick: event.ctrlKey || event.metaKey })}
      onDoubleClick={onOpen}
    >
      <span className="cell-picture">
        <PageImage page={page} kind="thumb" alt="" lazy />
      </span>
      {page.state !== "kept" && (
        <span className="cell-state">
          <Tag tone={TONES[page.state] ?? "slate"} bare tiny>
            {word("scan.state", page.state)}
          </Tag>
        </span>
      )}
      {isHere && (
        <span className="cell-here" data-testid="insert-here">
          {t("scan.insert.short")}
        </span>
      )}
      <span className="cell-foot">
        <b>{number}</b>
        {place?.first && <span className="doc-mark">{t("scan.doc.short", { n: place.n })}</span>}
        <span className="cell-signs" title={flags}>
          {by.person && <FlagFilled className="sign-red" />}
          {by.machine && <WarningFilled className="sign-amber" />}
          {page.patient && <UserOutlined className="sign-green" />}
        </span>
      </span>
    </div>
  );
});
