import { SearchOutlined } from "@ant-design/icons";
import { Input, type InputRef, Switch } from "antd";
import { useCallback, useEffect, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { api } from "@/api/api";
import type { Problem } from "@/api/client";
import { STATUSES, type Status, type WorkItem, type WorkPage } from "@/api/types";
import { problemFrom, useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { PageHead } from "@/parts/bits";
import { More } from "@/parts/More";
import { Pipeline } from "@/parts/Pipeline";
import { Empty, Failure, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { ByPatient, Rows } from "./Rows";

const PAGE = 50;
const isStatus = (text: string | null): text is Status => STATUSES.includes(text as Status);

export default function Worklist() {
  const { t } = useI18n();
  const [search, setSearch] = useSearchParams();
  const given = search.get("status");
  const status: Status = isStatus(given) ? given : "Pending";
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const [rolled, setRolled] = useState(false);
  const field = useRef<InputRef>(null);
  const setStatus = useCallback(
    (next: Status) => setSearch({ status: next }, { replace: true }),
    [setSearch],
  );

  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 250);
    return () => clearTimeout(timer);
  }, [text]);

  const page = useLoad(
    `${status}|${asked}`,
    (signal) => api.worklist({ status, text: asked || undefined, limit: PAGE }, signal),
    ["worklist"],
  );
  const keys: Bindings = {
    "/": { help: "keys.filter", run: () => field.current?.focus() },
    p: { help: "worklist.rolled", run: () => setRolled((old) => !old) },
  };
  for (const [at, name] of STATUSES.entries()) {
    keys[String(at + 1)] = { help: `keys.tab.${name}`, run: () => setStatus(name) };
  }
  useKeys("nav.worklist", keys);

  return (
    <div className="page">
      <PageHead title={t("nav.worklist")}>
        <label htmlFor="rolled" className="row quiet">
          <Switch id="rolled" size="small" checked={rolled} onChange={setRolled} />
          {t("worklist.rolled")}
        </label>
        <Input
          ref={field}
          allowClear
          style={{ width: 260 }}
          prefix={<SearchOutlined className="quiet" />}
          suffix={<kbd>/</kbd>}
          placeholder={t("worklist.search")}
          aria-label={t("worklist.search")}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && field.current?.blur()}
        />
      </PageHead>
      <Pipeline status={status} counts={page.data?.counts ?? null} onChoose={setStatus} />
      <div className="card list">
        <Show of={page} lines={8}>
          {(data) =>
            data.items.length ? (
              <Listed key={`${status}|${asked}`} first={data} status={status} text={asked} rolled={rolled} />
            ) : (
              <Empty
                title={asked ? t("worklist.none") : t(`worklist.empty.${status}`)}
                hint={asked ? t("worklist.none.hint") : t(`worklist.hint.${status}`)}
              />
            )
          }
        </Show>
      </div>
    </div>
  );
}

/** The first page, which lives, and the pages that "More" added. */
function Listed({
  first,
  status,
  text,
  rolled,
}: {
  first: WorkPage;
  status: Status;
  text: string;
  rolled: boolean;
}) {
  const go = useNavigate();
  const [more, setMore] = useState<WorkItem[]>([]);
  const [next, setNext] = useState(first.next);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const seen = new Set(first.items.map((item) => item.run_id));
  const items = [...first.items, ...more.filter((item) => !seen.has(item.run_id))];
  const open = (id: string | number) => void go(`/engine/runs/${id}`);
  const { cursor, choose, keys } = useCursor(
    items.map((item) => item.run_id),
    open,
  );
  const chosen = items.find((item) => item.run_id === cursor);
  useKeys("keys.list", {
    ...keys,
    s: { help: "keys.sign.open", run: () => chosen?.can_sign && void go(`/sign/${chosen.run_id}`) },
  });
  const load = async () => {
    setBusy(true);
    try {
      const page = await api.worklist({ status, text: text || undefined, after: next, limit: PAGE });
      setMore((old) => [...old, ...page.items]);
      setNext(page.next);
      setProblem(null);
    } catch (error) {
      setProblem(problemFrom(error));
    }
    setBusy(false);
  };
  const shown = { items, cursor, onCursor: choose, onOpen: open };
  return (
    <>
      {rolled ? <ByPatient {...shown} /> : <Rows {...shown} />}
      {problem && <Failure problem={problem} onRetry={() => void load()} />}
      <More of={{ next, busy, more: load }} />
    </>
  );
}
