import { Button, Checkbox, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, type BulkAsk } from "@/api/api";
import type { BulkAct, RunHit, Search } from "@/api/types";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { waitsText } from "@/i18n/waits";
import { type Bindings, useKeys } from "@/keys/keys";
import { At, StateTag, StatusTag } from "@/parts/bits";
import { More } from "@/parts/More";
import { Empty, Failure, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { withCode } from "../waybill/say";
import { BulkDialog } from "./BulkDialog";
import { usePages } from "./usePages";

const PAGE = 50;
const ACTS: { act: BulkAct; key: string }[] = [
  { act: "retry", key: "r" },
  { act: "cancel", key: "c" },
  { act: "resend", key: "R" },
];

/** The runs that a search found; ticked ones, or all that fit, are acted on together. */
export function RunList({ filter }: { filter: Partial<Search> }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { rights } = useSession();
  const pages = usePages(
    "runs",
    (after, signal) => api.searchRuns({ ...filter, after, limit: PAGE }, signal),
    ["worklist"],
  );
  const { items } = pages;
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [ask, setAsk] = useState<BulkAsk | null>(null);
  const open = (id: string | number) => void go(`/engine/runs/${id}`);
  const { cursor, choose, keys } = useCursor(
    items.map((item) => item.id),
    open,
  );
  const tick = (id: string) =>
    setTicked((old) => {
      const now = new Set(old);
      if (!now.delete(id)) now.add(id);
      return now;
    });
  const tickAll = () =>
    setTicked((old) => (old.size === items.length ? new Set() : new Set(items.map((item) => item.id))));
  const may = rights.includes("runs");
  const narrowed = Object.keys(filter).length > 0;
  const chosen = items.filter((item) => ticked.has(item.id)).map((item) => item.id);
  const begin = (act: BulkAct) => {
    if (chosen.length) setAsk({ act, ids: chosen });
    else if (narrowed) setAsk({ act, filter });
  };
  const bindings: Bindings = { ...keys };
  if (may) {
    bindings[" "] = { help: "keys.tick", run: () => cursor !== null && tick(String(cursor)) };
    bindings["*"] = { help: "keys.tickall", run: tickAll };
    for (const { act, key } of ACTS) bindings[key] = { help: `keys.bulk.${act}`, run: () => begin(act) };
  }
  useKeys("keys.list", bindings);
  const columns: TableColumnsType<RunHit> = [
    { title: t("col.state"), width: 120, render: (_, row) => <StateTag state={row.state} /> },
    { title: t("msgs.where"), width: 230, render: (_, row) => <Where row={row} /> },
    { title: t("msgs.labels"), width: 260, render: (_, row) => <Labels row={row} /> },
    { title: t("msgs.why"), ellipsis: true, render: (_, row) => <Why row={row} /> },
    { title: t("msgs.when"), width: 140, render: (_, row) => <At at={row.created_at} seconds /> },
  ];
  if (may)
    columns.unshift({
      title: (
        <Checkbox
          aria-label={t("msgs.tickall")}
          checked={items.length > 0 && chosen.length === items.length}
          indeterminate={chosen.length > 0 && chosen.length < items.length}
          onChange={tickAll}
        />
      ),
      width: 40,
      render: (_, row) => (
        <Checkbox
          aria-label={t("msgs.tick", { name: row.id.slice(-8) })}
          checked={ticked.has(row.id)}
          onChange={() => tick(row.id)}
        />
      ),
    });
  return (
    <section className="card list">
      {may && (
        <div className="row toolbar">
          <span className="strong" role="status">
            {chosen.length ? t("msgs.ticked", { n: chosen.length }) : t("msgs.none.ticked")}
          </span>
          {ACTS.map(({ act, key }) => (
            <Button
              key={act}
              danger={act !== "retry"}
              disabled={!items.length || !(chosen.length || narrowed)}
              data-testid={`bulk-${act}`}
              onClick={() => begin(act)}
            >
              {t(`bulk.${act}`)} <kbd>{key}</kbd>
            </Button>
          ))}
        </div>
      )}
      <Show of={pages.first} lines={8}>
        {() =>
          items.length ? (
            <Table
              size="small"
              rowKey="id"
              columns={columns}
              dataSource={items}
              pagination={false}
              tableLayout="fixed"
              rowClassName={(row) => (row.id === cursor ? "cursor" : "")}
              onRow={(row) => ({ onClick: () => choose(row.id), onDoubleClick: () => open(row.id) })}
            />
          ) : (
            <Empty
              title={pages.next ? t("msgs.further") : t("msgs.empty")}
              hint={pages.next ? "" : t("msgs.empty.hint")}
            />
          )
        }
      </Show>
      {pages.problem && <Failure problem={pages.problem} onRetry={() => void pages.more()} />}
      <More of={pages} />
      {ask && (
        <BulkDialog
          ask={ask}
          onClose={() => setAsk(null)}
          onDone={() => {
            setTicked(new Set());
            pages.first.reload();
          }}
        />
      )}
    </section>
  );
}

function Where({ row }: { row: RunHit }) {
  return (
    <span className="two">
      <Link to={`/engine/runs/${row.id}`} className="mono strong ellipsis">
        {row.route}
        {row.step && ` › ${row.step}`}
      </Link>
      <span className="small quiet mono">{row.id.slice(-8)}</span>
    </span>
  );
}

function Labels({ row }: { row: RunHit }) {
  return (
    <span className="two">
      <span className="row">
        {row.status && <StatusTag status={row.status} />}
        <span className="ellipsis mono">{row.labels.find((one) => one.name === "order_id")?.value}</span>
      </span>
      <span className="small quiet ellipsis">
        {row.labels
          .filter((one) => one.name !== "order_id" && one.value)
          .map((one) => one.value)
          .join(" · ")}
      </span>
    </span>
  );
}

function Why({ row }: { row: RunHit }) {
  const i18n = useI18n();
  if (row.reason) {
    return (
      <span className={row.state === "dead" || row.state === "held" ? "err" : "quiet"} title={row.reason}>
        {withCode(row.code, row.reason)}
      </span>
    );
  }
  return <span className="quiet">{waitsText(i18n, row.waits_for)}</span>;
}
