import { CaretDownFilled, CaretRightFilled, FilePdfOutlined, PushpinFilled } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect } from "react";
import { useI18n } from "@/i18n";
import { Tag } from "@/parts/bits";
import { useRecordWords } from "../words";
import type { Row } from "./rows";
import type { RecordTree } from "./useTree";

interface Props {
  tree: RecordTree;
  cursor: string | null;
  shown: string | null;
  /** Opened since the tree was loaded: no longer unread. */
  seen: ReadonlySet<string>;
  onRow: (row: Row) => void;
  onArrange: () => void;
}

const INDENT = 14;
const rowId = (id: string) => `tree-${id}`;

/** The documents in their branches; the keyboard moves a cursor that the tree names. */
export function TreePane({ tree, cursor, shown, seen, onRow, onArrange }: Props) {
  const { t } = useI18n();
  const { by, order, rows } = tree;
  useEffect(() => {
    if (cursor) document.getElementById(rowId(cursor))?.scrollIntoView({ block: "nearest" });
  }, [cursor]);
  return (
    <section className="card tree" aria-label={t("reader.tree")}>
      <div className="tree-bar">
        <Button size="small" onClick={onArrange} data-testid="arrange" className="ellipsis">
          {by.map((level) => t(`reader.level.${level}`)).join(" › ")} <kbd>o</kbd>
        </Button>
        <Button size="small" onClick={tree.turn}>
          {t(`reader.${order}`)} <kbd>O</kbd>
        </Button>
      </div>
      <div
        className="rec-scroll"
        role="tree"
        tabIndex={0}
        aria-label={t("reader.tree")}
        aria-activedescendant={cursor ? rowId(cursor) : undefined}
        data-testid="tree"
      >
        {rows.map((row) => (
          <Line
            key={row.id}
            row={row}
            isCursor={row.id === cursor}
            isShown={row.kind === "document" && row.document.id === shown}
            isSeen={row.kind === "document" && seen.has(row.document.id)}
            onRow={onRow}
          />
        ))}
      </div>
    </section>
  );
}

interface LineProps {
  row: Row;
  isCursor: boolean;
  isShown: boolean;
  isSeen: boolean;
  onRow: (row: Row) => void;
}

function Line({ row, isCursor, isShown, isSeen, onRow }: LineProps) {
  const marks = `${isCursor ? " cursor" : ""}${isShown ? " on" : ""}`;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names the active line
    // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter do it on the tree
    <div
      id={rowId(row.id)}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-expanded={row.kind === "branch" ? row.isOpen : undefined}
      aria-selected={isShown}
      className={`tree-line tree-${row.kind}${marks}`}
      style={{ paddingInlineStart: 8 + row.depth * INDENT }}
      onClick={() => onRow(row)}
      data-testid={`tree-${row.kind}`}
    >
      <Inside row={row} isSeen={isSeen} />
    </div>
  );
}

function Inside({ row, isSeen }: { row: Row; isSeen: boolean }) {
  const { t } = useI18n();
  const words = useRecordWords();
  if (row.kind === "more") return <span className="as-link">{t("act.more")}</span>;
  if (row.kind === "branch")
    return (
      <>
        {row.isOpen ? <CaretDownFilled className="caret" /> : <CaretRightFilled className="caret" />}
        <span className="ellipsis grow">{row.level === "pinned" ? t("reader.pinned") : row.label}</span>
        <span className="count">{row.count}</span>
      </>
    );
  const { document } = row;
  const unread = document.unread && !isSeen;
  return (
    <>
      <span className={unread ? "unread" : "read"} title={unread ? t("reader.unread") : undefined}>
        {unread && <span className="hidden">{t("reader.unread")}</span>}
      </span>
      <span className="two grow">
        <span className={unread ? "ellipsis strong" : "ellipsis"}>{words.title(document)}</span>
        <span className="small quiet ellipsis">
          {words.date(document.date)}
          {document.origin === "scan" && ` · ${t("find.pages", { n: document.pages })}`}
          {document.author && ` · ${document.author}`}
        </span>
      </span>
      {document.flagged && (
        <Tag tone="red">
          <span title={t("flag.marked")}>!</span>
        </Tag>
      )}
      {document.state === "withdrawn" && (
        <Tag tone="red" bare tiny>
          {t("find.state.withdrawn")}
        </Tag>
      )}
      {document.origin === "route" && (
        <FilePdfOutlined className="quiet" title={t("reader.route")} aria-label={t("reader.route")} />
      )}
      {document.pinned && <PushpinFilled className="pin" aria-label={t("reader.pinned")} />}
    </>
  );
}
