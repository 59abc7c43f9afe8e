import { Button, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { scan } from "@/api/scan";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { Ago, PageHead, Tag, type Tone } from "@/parts/bits";
import { More } from "@/parts/More";
import { Empty, Failure, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { useFailure, Why } from "@/parts/why";
import { usePages } from "../messages/usePages";
import { useRecordWords } from "../records/words";
import { iso } from "./desk/words";
import { ScanNav } from "./ScanNav";
import type { ScanProblem } from "./types";

const PAGE = 100;
const TONES: Record<ScanProblem["kind"], Tone> = {
  incomplete: "slate",
  unreadable: "red",
  stopped: "red",
  text: "amber",
  pdf: "amber",
  upload: "amber",
  flagged: "red",
};

/** Where a problem is looked at; null: nowhere, by this person. */
function placeOf(one: ScanProblem, may: boolean): string | null {
  if (one.patient && one.document)
    return `/patients/${one.patient}/documents?d=${one.document}${one.page ? `&n=${one.page}` : ""}`;
  return one.batch && may ? `/scan/${one.batch}` : null;
}

/** Of these the subject is a document's kind, as a code; of others a file's or a batch's name. */
const OF_DOCUMENTS: readonly ScanProblem["kind"][] = ["pdf", "flagged"];

/** PROBLEMS /scan/problems: what could not be taken, read or made, or was marked, since when, and why. */
export default function Problems() {
  const { t } = useI18n();
  const pages = usePages<ScanProblem>(
    "scan problems",
    (after, signal) => scan.problems({ after, limit: PAGE }, signal),
    ["scan", "records", "work:read", "work:make"],
  );
  return (
    <div className="page">
      <PageHead title={t("nav.problems")} sub={t("scan.problems.sub")}>
        <ScanNav counts={{ problems: pages.first.data?.items.length }} />
      </PageHead>
      <div className="card list">
        <Show of={pages.first} lines={8}>
          {() =>
            pages.items.length ? (
              <Rows items={pages.items} reload={pages.first.reload} />
            ) : (
              <Empty title={t("scan.problems.empty")} hint={t("scan.problems.hint")} />
            )
          }
        </Show>
        {pages.problem && <Failure problem={pages.problem} onRetry={() => void pages.more()} />}
        <More of={pages} />
      </div>
    </div>
  );
}

function Rows({ items, reload }: { items: ScanProblem[]; reload: () => void }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { rights } = useSession();
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const [said, setSaid] = useState<{ text: string; bad: boolean }>({ text: "", bad: false });
  const why = useFailure();
  const may = rights.includes("scan");
  const list = useCursor(
    items.map((one) => one.id),
    (id) => {
      const one = items.find((item) => item.id === id);
      const place = one && placeOf(one, may);
      if (place) void go(place);
    },
  );
  const tick = (id: string) =>
    setTicked((old) => (old.includes(id) ? old.filter((one) => one !== id) : [...old, id]));
  const wanted = items
    .filter((one) => (ticked.length ? ticked.includes(one.id) : one.id === list.cursor))
    .filter((one) => one.can_retry)
    .map((one) => one.id);
  const retry = async () => {
    if (!wanted.length) {
      setSaid({ text: t("scan.retry.none"), bad: true });
      return;
    }
    try {
      await scan.retry(wanted);
      setSaid({ text: t("scan.retried", { n: wanted.length }), bad: false });
      setTicked([]);
      reload();
    } catch (error) {
      setSaid({ text: why(error), bad: true });
    }
  };
  useKeys("keys.list", {
    ...list.keys,
    " ": { help: "scan.key.tickrow", run: () => list.cursor !== null && tick(String(list.cursor)) },
    r: { help: "scan.key.retry", run: () => void retry() },
  });
  return (
    <>
      <div className="list-bar">
        <Button size="small" disabled={!wanted.length} onClick={() => void retry()} data-testid="retry">
          {t("act.reload")}
          {wanted.length > 1 && ` (${wanted.length})`} <kbd>r</kbd>
        </Button>
        <span aria-live="polite" className={said.bad ? "err" : "quiet"}>
          {said.text}
        </span>
      </div>
      <Table
        size="small"
        rowKey="id"
        columns={useColumns(may)}
        dataSource={items}
        pagination={false}
        tableLayout="fixed"
        rowSelection={{ selectedRowKeys: [...ticked], onChange: (keys) => setTicked(keys.map(String)) }}
        rowClassName={(one) => (one.id === list.cursor ? "cursor" : "")}
        onRow={(one) => ({ onClick: () => list.choose(one.id) })}
      />
    </>
  );
}

function useColumns(may: boolean): TableColumnsType<ScanProblem> {
  const { t, word } = useI18n();
  const { kind } = useRecordWords();
  return [
    {
      title: t("scan.col.problem"),
      width: 150,
      render: (_, one) => <Tag tone={TONES[one.kind]}>{word("scan.problem", one.kind)}</Tag>,
    },
    {
      title: t("scan.col.subject"),
      width: 300,
      ellipsis: true,
      render: (_, one) => {
        const place = placeOf(one, may);
        const subject = OF_DOCUMENTS.includes(one.kind) ? kind(one.subject) : one.subject;
        return place ? (
          <Link className="strong" to={place}>
            {subject}
            {one.page !== null && `, ${t("scan.page.n", { n: one.page })}`}
          </Link>
        ) : (
          <span className="strong">{subject}</span>
        );
      },
    },
    {
      title: t("waybill.reason"),
      render: (_, one) => (
        <span>
          {one.kind === "flagged" ? (
            word("flag.reason", one.reason)
          ) : (
            <Why code={one.code} reason={one.reason} />
          )}
        </span>
      ),
    },
    { title: t("scan.col.since"), width: 120, render: (_, one) => <Ago at={iso(one.since)} /> },
    {
      title: "",
      width: 130,
      render: (_, one) => <NoRetry one={one} may={may} />,
    },
  ];
}

/** What no retry can mend: a file that is still coming, a reader's mark, or what is decided in its batch. */
function NoRetry({ one, may }: { one: ScanProblem; may: boolean }) {
  const { t } = useI18n();
  if (one.can_retry) return null;
  if (one.kind === "incomplete") return <span className="small quiet">{t("scan.retry.not")}</span>;
  const place = placeOf(one, may);
  return (
    place && (
      <Link className="small" to={place}>
        {t(one.kind === "flagged" ? "flag.answer" : "scan.retry.open")}
      </Link>
    )
  );
}
