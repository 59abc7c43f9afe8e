import { Table, type TableColumnsType, Tabs } from "antd";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { api } from "@/api/api";
import type { AccessEntry, Patient, PatientDocument, PatientMessage, PatientOrder } from "@/api/types";
import { useLoad } from "@/app/load";
import { useSession } from "@/app/session";
import { type Key, useI18n } from "@/i18n";
import { day } from "@/i18n/time";
import { useKeys } from "@/keys/keys";
import { Ago, At, Copy, StateTag, StatusTag } from "@/parts/bits";
import { LinkButton } from "@/parts/LinkButton";
import { Empty, Show } from "@/parts/States";

const TABS = ["orders", "documents", "messages", "access"] as const;
type Tab = (typeof TABS)[number];

export default function PatientScreen() {
  const { id = "" } = useParams();
  return <PatientPage key={id} id={id} />;
}

function PatientPage({ id }: { id: string }) {
  const { t } = useI18n();
  const patient = useLoad(`patient ${id}`, (signal) => api.patient(id, signal));
  const [tab, setTab] = useState<Tab>("orders");
  const { rights } = useSession();
  const go = useNavigate();
  /** The documents are read in the reader by whoever may; others see their list. */
  const choose = (name: Tab) => {
    if (name === "documents" && rights.includes("records")) void go(`/patients/${id}/documents`);
    else setTab(name);
  };
  const step = (by: number) => choose(TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length] ?? tab);
  useKeys("keys.patient", {
    "[": { help: "keys.tab.previous", run: () => step(-1) },
    "]": { help: "keys.tab.next", run: () => step(1) },
  });
  return (
    <div className="page">
      <Show of={patient}>
        {(data) => (
          <>
            <Banner patient={data} />
            <div className="card list">
              <Tabs
                activeKey={tab}
                onChange={(key) => choose(key as Tab)}
                tabBarStyle={{ padding: "0 14px", margin: 0 }}
                items={TABS.map((name) => ({ key: name, label: t(`patient.${name}`) }))}
              />
              {tab === "orders" && <Orders id={id} />}
              {tab === "documents" && <Documents id={id} />}
              {tab === "messages" && <Messages id={id} />}
              {tab === "access" && <Access id={id} />}
            </div>
          </>
        )}
      </Show>
    </div>
  );
}

function Banner({ patient }: { patient: Patient }) {
  const { t, word, locale } = useI18n();
  return (
    <section className="card patient">
      <div className="initial" aria-hidden="true">
        {[...patient.name][0]}
      </div>
      <div className="two grow">
        <h1>
          <bdi>{patient.name}</bdi>
        </h1>
        <span className="quiet">
          {word("sex", patient.sex)}
          {patient.birth_date && ` · ${t("patient.born", { date: day(locale, patient.birth_date) })}`}
        </span>
      </div>
      {detailsOf(patient).map(([name, value]) => (
        <div className="two" key={name}>
          <span className="small quiet">{word("detail", name)}</span>
          <span>{value}</span>
        </div>
      ))}
      <div className="two">
        <span className="small quiet">{t("patient.number")}</span>
        <span className="row mono">
          {patient.number} <Copy text={patient.number} label={t("patient.number")} />
        </span>
      </div>
    </section>
  );
}

/** What tells two patients of one name apart at a glance; identity and telephone numbers are nobody's daily need. */
const SHOWN = ["visit"];

function detailsOf(patient: Patient): [string, string][] {
  return SHOWN.flatMap((name): [string, string][] => {
    const value = patient.details[name];
    return typeof value === "string" && value ? [[name, value]] : [];
  });
}

/** A list of one of the patient's tabs: loaded when shown, with its own empty text. */
function TabList<T extends object>(props: {
  name: Tab;
  load: (signal: AbortSignal) => Promise<{ items: T[] }>;
  id: string;
  rowKey: (row: T) => string;
  columns: TableColumnsType<T>;
  topics?: readonly string[];
}) {
  const { t } = useI18n();
  const page = useLoad(`${props.name} ${props.id}`, props.load, props.topics);
  return (
    <Show of={page}>
      {({ items }) =>
        items.length ? (
          <Table
            size="small"
            columns={props.columns}
            dataSource={items}
            rowKey={props.rowKey}
            pagination={false}
            tableLayout="fixed"
          />
        ) : (
          <Empty
            title={t(`patient.${props.name}.empty` as Key)}
            hint={t(`patient.${props.name}.hint` as Key)}
          />
        )
      }
    </Show>
  );
}

function Orders({ id }: { id: string }) {
  const { t } = useI18n();
  const columns: TableColumnsType<PatientOrder> = [
    {
      title: t("col.exam"),
      render: (_, row) => (
        <Link className="plain" to={`/engine/runs/${row.run_id}`}>
          {row.exam || t("worklist.noexam")}
        </Link>
      ),
    },
    { title: t("col.order"), width: 190, render: (_, row) => <span className="mono">{row.order_id}</span> },
    {
      title: t("col.status"),
      width: 130,
      render: (_, row) => row.status && <StatusTag status={row.status} />,
    },
    { title: t("col.state"), width: 130, render: (_, row) => <StateTag state={row.state} /> },
    { title: t("col.since"), width: 120, render: (_, row) => <Ago at={row.since} /> },
  ];
  return (
    <TabList
      name="orders"
      id={id}
      load={(signal) => api.patientOrders(id, signal)}
      rowKey={(row) => row.run_id}
      columns={columns}
      topics={["worklist"]}
    />
  );
}

function Documents({ id }: { id: string }) {
  const { t } = useI18n();
  const columns: TableColumnsType<PatientDocument> = [
    { title: t("col.title"), dataIndex: "title", render: (_, row) => row.title || row.kind },
    { title: t("col.kind"), width: 180, dataIndex: "kind" },
    { title: t("col.filed"), width: 150, render: (_, row) => <At at={row.created_at} /> },
    {
      title: "",
      width: 110,
      align: "right",
      render: (_, row) => (
        <a href={row.url} target="_blank" rel="noreferrer">
          {t("act.open")}
        </a>
      ),
    },
  ];
  return (
    <TabList
      name="documents"
      id={id}
      load={(signal) => api.patientDocuments(id, signal)}
      rowKey={(row) => row.id}
      columns={columns}
      topics={["worklist"]}
    />
  );
}

function Messages({ id }: { id: string }) {
  const { t } = useI18n();
  const columns: TableColumnsType<PatientMessage> = [
    { title: t("col.received"), width: 170, render: (_, row) => <At at={row.received_at} seconds /> },
    { title: t("col.operation"), render: (_, row) => <span className="mono">{row.operation}</span> },
    {
      title: t("col.connection"),
      width: 150,
      render: (_, row) => <span className="mono">{row.connection}</span>,
    },
    { title: t("col.outcome"), width: 130, render: (_, row) => <StateTag state={row.outcome} /> },
    {
      title: "",
      width: 110,
      align: "right",
      render: (_, row) => (
        <LinkButton size="small" type="text" to={`/engine/runs/${row.run_id}`}>
          {t("act.waybill")}
        </LinkButton>
      ),
    },
  ];
  return (
    <TabList
      name="messages"
      id={id}
      load={(signal) => api.patientMessages(id, signal)}
      rowKey={(row) => row.id}
      columns={columns}
    />
  );
}

function Access({ id }: { id: string }) {
  const { t, word } = useI18n();
  const columns: TableColumnsType<AccessEntry> = [
    { title: t("col.at"), width: 190, render: (_, row) => <At at={row.at} seconds /> },
    { title: t("col.who"), width: 200, dataIndex: "user" },
    { title: t("col.act"), render: (_, row) => word("audit", row.act) },
  ];
  return (
    <TabList
      name="access"
      id={id}
      load={(signal) => api.patientAccess(id, signal)}
      rowKey={(row) => `${row.at}${row.user}${row.act}${row.subject}`}
      columns={columns}
    />
  );
}
