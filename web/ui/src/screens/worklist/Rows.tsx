import { Table, type TableColumnsType, Tooltip } from "antd";
import { Link } from "react-router";
import type { WorkItem } from "@/api/types";
import { useI18n } from "@/i18n";
import { waitsText } from "@/i18n/waits";
import { Ago, At, Copy, Tag } from "@/parts/bits";
import { LinkButton } from "@/parts/LinkButton";

interface Shown {
  items: WorkItem[];
  cursor: string | number | null;
  onCursor: (id: string) => void;
  onOpen: (id: string) => void;
}

export function Rows({ items, cursor, onCursor, onOpen }: Shown) {
  const columns = useColumns();
  return (
    <Table
      size="small"
      rowKey="run_id"
      columns={columns}
      dataSource={items}
      pagination={false}
      tableLayout="fixed"
      sticky
      rowClassName={(item) => (item.run_id === cursor ? "cursor" : "")}
      onRow={(item) => ({
        onClick: () => onCursor(item.run_id),
        onDoubleClick: () => onOpen(item.run_id),
      })}
    />
  );
}

/** One card a patient, with that patient's orders below. */
export function ByPatient(shown: Shown) {
  const groups = new Map<string, WorkItem[]>();
  for (const item of shown.items) {
    const key = item.patient_number || item.run_id;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return (
    <div className="rollup">
      {[...groups.entries()].map(([key, items]) => (
        <PatientGroup key={key} {...shown} items={items} />
      ))}
    </div>
  );
}

function PatientGroup(shown: Shown) {
  const { t } = useI18n();
  const first = shown.items[0];
  if (!first) return null;
  return (
    <section>
      <header className="row">
        <PatientLink item={first} />
        <span className="mono quiet">{first.patient_number}</span>
        <span className="count">{t("worklist.orders", { n: shown.items.length })}</span>
      </header>
      <ul>
        {shown.items.map((item) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter move and open; the link inside is focusable
          <li
            key={item.run_id}
            data-row-key={item.run_id}
            className={item.run_id === shown.cursor ? "cursor" : ""}
            onClick={() => shown.onCursor(item.run_id)}
          >
            <ExamCell item={item} />
            <WaitCell item={item} />
            <Ago at={item.since} />
            <ActCell item={item} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function useColumns(): TableColumnsType<WorkItem> {
  const { t } = useI18n();
  return [
    {
      title: t("col.patient"),
      width: 190,
      render: (_, item) => (
        <div className="two">
          <PatientLink item={item} />
          <span className="mono quiet ellipsis">{item.patient_number}</span>
        </div>
      ),
    },
    { title: t("col.exam"), render: (_, item) => <ExamCell item={item} /> },
    { title: t("col.waits"), render: (_, item) => <WaitCell item={item} /> },
    { title: t("col.since"), width: 104, render: (_, item) => <Ago at={item.since} /> },
    { title: t("col.folder"), width: 168, render: (_, item) => <FolderCell item={item} /> },
    { title: "", width: 112, align: "right", render: (_, item) => <ActCell item={item} /> },
  ];
}

function PatientLink({ item }: { item: WorkItem }) {
  const { t } = useI18n();
  const name = <bdi>{item.name || t("worklist.noname")}</bdi>;
  return item.patient_id ? (
    <Link className="strong ellipsis" to={`/patients/${item.patient_id}`}>
      {name}
    </Link>
  ) : (
    <span className="strong ellipsis">{name}</span>
  );
}

function ExamCell({ item }: { item: WorkItem }) {
  const { t } = useI18n();
  return (
    <div className="two">
      <Link className="plain ellipsis" to={`/engine/runs/${item.run_id}`}>
        {item.exam || t("worklist.noexam")}
      </Link>
      <span className="row small">
        <span className="mono quiet ellipsis">{item.order_id}</span>
        {item.registered && (
          <Tag tone="green" bare tiny>
            {t("worklist.registered")}
          </Tag>
        )}
      </span>
    </div>
  );
}

const BADGES: Record<string, "red" | "amber" | "slate"> = { dead: "red", held: "amber", cancelled: "slate" };

function WaitCell({ item }: { item: WorkItem }) {
  const i18n = useI18n();
  const { t, word } = i18n;
  const reason = item.reason;
  return (
    <div className="two">
      <span className="row">
        {item.badge && <Tag tone={BADGES[item.badge] ?? "amber"}>{word("badge", item.badge)}</Tag>}
        <Tooltip title={reason || undefined}>
          <span className="ellipsis">
            {(item.badge && reason) || waitsText(i18n, item.waits_for) || reason || word("state", item.state)}
          </span>
        </Tooltip>
      </span>
      {item.next_at && (
        <span className="small quiet">
          {t("worklist.next")} <At at={item.next_at} />
        </span>
      )}
    </div>
  );
}

function FolderCell({ item }: { item: WorkItem }) {
  const { t } = useI18n();
  if (!item.folder) return <span className="quiet">–</span>;
  return (
    <span className="row" style={{ gap: 2 }}>
      <span className="mono ellipsis folder" title={item.folder}>
        <bdi>{item.folder}</bdi>
      </span>
      <Copy text={item.folder} label={t("col.folder")} />
    </span>
  );
}

function ActCell({ item }: { item: WorkItem }) {
  const { t } = useI18n();
  return item.can_sign ? (
    <LinkButton size="small" type="primary" to={`/sign/${item.run_id}`}>
      {t("act.sign")}
    </LinkButton>
  ) : (
    <LinkButton size="small" type="text" to={`/engine/runs/${item.run_id}`}>
      {t("act.waybill")}
    </LinkButton>
  );
}
