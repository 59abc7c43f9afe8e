import { Button, Select, Switch, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { scan } from "@/api/scan";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { Ago, PageHead, Tag } from "@/parts/bits";
import { More } from "@/parts/More";
import { Empty, Failure, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { useFailure, whyIn } from "@/parts/why";
import { usePages } from "../messages/usePages";
import { TakeOver } from "./desk/DeskFrame";
import { BATCH_TONES, iso, nameOf } from "./desk/words";
import { NewBatch } from "./NewBatch";
import { ScanNav } from "./ScanNav";
import type { BatchRow, BatchState } from "./types";
import { useLists } from "./useLists";

const PAGE = 50;
const OLD = 15 * 60_000;
type View = "work" | "closed" | "filed" | "all";
const VIEWS: Record<View, BatchState[] | null> = {
  work: ["open", "stopped"],
  closed: ["closed"],
  filed: ["filed"],
  all: null,
};

/** Free, or left by whoever had it: may be claimed without a word. */
const free = (row: BatchRow): boolean => !row.lock || Date.now() - row.lock.at > OLD;

/** BATCHES /scan */
export default function Batches() {
  const { t } = useI18n();
  const [view, setView] = useState<View>("work");
  const [station, setStation] = useState<string | null>(null);
  // TODAY leads here with only one's own
  const [asked] = useSearchParams();
  const [mine, setMine] = useState(asked.get("mine") === "1");
  const [first, setFirst] = useState(false);
  const [making, setMaking] = useState(false);
  const { rights } = useSession();
  const lists = useLists();
  const pages = usePages<BatchRow>(
    `batches ${view} ${station} ${mine} ${first}`,
    (after, signal) =>
      scan.batches({ states: VIEWS[view], station, mine, first, after, limit: PAGE }, signal),
    ["scan"],
  );
  const counts = (pages.first.data as { counts?: Record<string, number> } | null)?.counts ?? {};
  const keys: Bindings = { N: { help: "scan.key.new", run: () => setMaking(true) } };
  for (const [at, name] of (Object.keys(VIEWS) as View[]).entries())
    keys[String(at + 1)] = { help: `scan.view.${name}`, run: () => setView(name) };
  useKeys("nav.batches", keys, { enabled: rights.includes("scan") });
  return (
    <div className="page">
      <PageHead title={t("nav.batches")} sub={t("scan.batches.sub")}>
        <ScanNav />
        <Button type="primary" onClick={() => setMaking(true)} data-testid="new-batch">
          {t("scan.new")} <kbd>N</kbd>
        </Button>
      </PageHead>
      <div className="row wrap">
        <div className="subnav" role="tablist" aria-label={t("scan.view")}>
          {(Object.keys(VIEWS) as View[]).map((name, at) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={view === name}
              className={view === name ? "on" : ""}
              onClick={() => setView(name)}
            >
              {t(`scan.view.${name}`)} <kbd>{at + 1}</kbd>
              {countOf(counts, VIEWS[name]) > 0 && (
                <span className="count">{countOf(counts, VIEWS[name])}</span>
              )}
            </button>
          ))}
        </div>
        <Select
          allowClear
          showSearch
          style={{ minWidth: 180 }}
          placeholder={t("scan.station.any")}
          aria-label={t("scan.station")}
          value={station}
          onChange={(chosen) => setStation(chosen ?? null)}
          options={stationsOf(
            lists.stations.map((one) => one.code),
            pages.items,
          ).map((code) => ({ value: code, label: code }))}
        />
        <label htmlFor="mine" className="row quiet">
          <Switch id="mine" size="small" checked={mine} onChange={setMine} />
          {t("scan.mine")}
        </label>
        <label htmlFor="first" className="row quiet">
          <Switch id="first" size="small" checked={first} onChange={setFirst} />
          {t("scan.first.only")}
        </label>
      </div>
      <div className="card list">
        <Show of={pages.first} lines={8}>
          {() =>
            pages.items.length ? (
              <Rows key={view} items={pages.items} reload={pages.first.reload} />
            ) : (
              <Empty title={t("scan.batches.empty")} hint={t("scan.batches.hint")} />
            )
          }
        </Show>
        {pages.problem && <Failure problem={pages.problem} onRetry={() => void pages.more()} />}
        <More of={pages} />
      </div>
      {making && <NewBatch stations={lists.stations} onClose={() => setMaking(false)} />}
    </div>
  );
}

function countOf(counts: Record<string, number>, states: BatchState[] | null): number {
  return (states ?? (Object.keys(counts) as BatchState[])).reduce(
    (sum, state) => sum + (counts[state] ?? 0),
    0,
  );
}

const stationsOf = (known: string[], rows: BatchRow[]): string[] =>
  [...new Set([...known, ...rows.map((row) => row.station)])].sort();

function Rows({ items, reload }: { items: BatchRow[]; reload: () => void }) {
  const { t } = useI18n();
  const go = useNavigate();
  const [taking, setTaking] = useState<BatchRow | null>(null);
  const [failed, setFailed] = useState("");
  const why = useFailure();
  const open = (id: string | number) => void go(`/scan/${id}`);
  const list = useCursor(
    items.map((row) => row.id),
    open,
  );
  const row = items.find((one) => one.id === list.cursor);
  const claim = async (one: BatchRow, then: () => void) => {
    try {
      if (!one.lock?.by.me) await scan.deed(one.id, "claim");
      setFailed("");
      then();
    } catch (error) {
      setFailed(why(error));
    }
  };
  /** The next that waits for work: first my own, then what nobody has. */
  const next = () => {
    const waiting = items.filter((one) => one.state === "open" || one.state === "stopped");
    const found = waiting.find((one) => one.lock?.by.me) ?? waiting.find(free);
    if (found) void claim(found, () => open(found.id));
    else setFailed(t("scan.next.none"));
  };
  useKeys("keys.list", {
    ...list.keys,
    n: { help: "scan.key.nextbatch", run: next },
    c: { help: "scan.key.claim", run: () => row && void claim(row, reload) },
    t: { help: "scan.key.takeover", run: () => row?.lock && !row.lock.by.me && setTaking(row) },
  });
  return (
    <>
      <div aria-live="polite">
        {failed && (
          <p className="band-row amber" role="alert">
            {failed}
          </p>
        )}
      </div>
      <Table
        size="small"
        rowKey="id"
        columns={useColumns()}
        dataSource={items}
        pagination={false}
        tableLayout="fixed"
        rowClassName={(one) => (one.id === list.cursor ? "cursor" : "")}
        onRow={(one) => ({ onClick: () => list.choose(one.id), onDoubleClick: () => open(one.id) })}
      />
      {taking && (
        <TakeOver
          name={taking.lock?.by.name ?? ""}
          onClose={() => setTaking(null)}
          onDone={(note) => scan.takeOver(taking.id, note).then(() => open(taking.id))}
        />
      )}
    </>
  );
}

function useColumns(): TableColumnsType<BatchRow> {
  const { t, word, language } = useI18n();
  const why = (row: BatchRow) => whyIn(language, row).text;
  return [
    {
      title: t("scan.col.state"),
      width: 116,
      render: (_, row) => <Tag tone={BATCH_TONES[row.state]}>{word("scan.batch", row.state)}</Tag>,
    },
    {
      title: t("scan.col.batch"),
      render: (_, row) => (
        <span className="two">
          <span className="row">
            <Link to={`/scan/${row.id}`} className="strong ellipsis">
              {nameOf(row)}
            </Link>
            {row.first && <Tag tone="amber">{t("scan.first")}</Tag>}
            {row.to_confirm > 0 && (
              <Link to={`/scan/${row.id}/assign`}>
                <Tag tone="amber">{t("scan.toconfirm", { n: row.to_confirm })}</Tag>
              </Link>
            )}
          </span>
          <span className={row.reason ? "small err ellipsis" : "small quiet ellipsis"} title={row.reason}>
            {why(row) || [row.station, row.box].filter(Boolean).join(" · ")}
          </span>
        </span>
      ),
    },
    {
      title: t("scan.col.operator"),
      width: 150,
      render: (_, row) => row.operator?.name ?? <span className="quiet">–</span>,
    },
    {
      title: t("scan.col.pages"),
      width: 130,
      render: (_, row) => <Pages row={row} />,
    },
    {
      title: t("scan.col.flags"),
      width: 80,
      align: "right",
      render: (_, row) =>
        row.flags ? <Tag tone="amber">{row.flags}</Tag> : <span className="quiet">0</span>,
    },
    {
      title: t("scan.col.unassigned"),
      width: 110,
      align: "right",
      render: (_, row) => row.unassigned || <span className="quiet">0</span>,
    },
    {
      title: t("scan.col.documents"),
      width: 110,
      align: "right",
      render: (_, row) => `${row.filed} / ${row.drafts}`,
    },
    { title: t("scan.col.age"), width: 110, render: (_, row) => <Ago at={iso(row.created_at)} /> },
    {
      title: t("scan.col.lock"),
      width: 170,
      render: (_, row) =>
        row.lock ? (
          <Tag tone={row.lock.by.me ? "green" : "amber"}>
            {row.lock.by.me ? t("scan.lock.mine") : row.lock.by.name}
          </Tag>
        ) : (
          <span className="quiet">{t("scan.lock.free")}</span>
        ),
    },
  ];
}

/** Pages of those expected, as a small bar. */
function Pages({ row }: { row: BatchRow }) {
  const { t } = useI18n();
  const whole = row.expected && row.pages >= row.expected;
  return (
    <span className="two">
      <span>
        {row.pages} / {row.expected ?? "?"}
        {row.pending_files > 0 && <span className="small quiet"> {t("scan.coming")}</span>}
      </span>
      <span className="meter" aria-hidden="true">
        <i
          className={whole ? "whole" : ""}
          style={{ width: `${row.expected ? Math.min(100, (row.pages / row.expected) * 100) : 0}%` }}
        />
      </span>
    </span>
  );
}
