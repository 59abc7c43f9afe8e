import { App } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, type BulkAsk } from "@/api/api";
import type { AttentionGroup, AttentionItem } from "@/api/types";
import { problemFrom, useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { Ago, PageHead, Tag } from "@/parts/bits";
import { EngineNav } from "@/parts/EngineNav";
import { NoteDialog } from "@/parts/NoteDialog";
import { Empty, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { BulkDialog } from "../messages/BulkDialog";
import { DEEDS, type Deed, deedsOf, perform, runsOf, targetOf } from "./deeds";
import { Group } from "./Group";

export default function AttentionScreen() {
  const { t } = useI18n();
  const list = useLoad("attention", api.attention, ["attention"]);
  const total = list.data?.groups.reduce((sum, group) => sum + group.count, 0);
  return (
    <div className="page">
      <PageHead title={t("nav.attention")} sub={t("attention.sub")}>
        <EngineNav counts={{ attention: total }} />
      </PageHead>
      <Show of={list} lines={8}>
        {(data) =>
          data.groups.length ? (
            <Groups groups={data.groups} reload={list.reload} />
          ) : (
            <div className="card">
              <Empty title={t("attention.empty")} hint={t("attention.empty.hint")} />
            </div>
          )
        }
      </Show>
    </div>
  );
}

const keyOf = (group: AttentionGroup) => [group.kind, group.code, group.route, group.step].join("|");

interface Asking {
  deed: Deed;
  items: AttentionItem[];
}

function Groups({ groups, reload }: { groups: AttentionGroup[]; reload: () => void }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { message } = App.useApp();
  const [chosen, choose] = useState(() => keyOf(groups[0] as AttentionGroup));
  const [asking, setAsking] = useState<Asking | null>(null);
  const [bulk, setBulk] = useState<BulkAsk | null>(null);
  const group = groups.find((one) => keyOf(one) === chosen) ?? (groups[0] as AttentionGroup);
  const items = useCursor(
    group.items.map((item) => item.id),
    (id) => {
      const to = targetOf(group.items.find((item) => item.id === id));
      if (to) void go(to);
    },
  );
  const item = group.items.find((one) => one.id === items.cursor) ?? group.items[0];
  const begin = (deed: Deed, on: AttentionItem[]) => {
    if (!on.length) return;
    const all = DEEDS[deed].group ? runsOf(group) : null;
    if (all) setBulk({ act: "retry", filter: all });
    else if (DEEDS[deed].dialog) setAsking({ deed, items: on });
    else void done(deed, on, "");
  };
  const done = async (deed: Deed, on: AttentionItem[], note: string) => {
    try {
      for (const one of on) await perform(deed, one, note);
    } catch (error) {
      const problem = problemFrom(error);
      message.error(`${problem.detail || problem.message} ${problem.code}`);
    }
    reload();
  };
  const step = (by: number) => {
    const at = groups.indexOf(group);
    const next = groups[(at + by + groups.length) % groups.length];
    if (next) choose(keyOf(next));
  };
  const keys: Bindings = {
    ...items.keys,
    "]": { help: "attention.next", run: () => step(1) },
    "[": { help: "attention.previous", run: () => step(-1) },
  };
  for (const deed of deedsOf(group)) {
    const { key, help, group: whole } = DEEDS[deed];
    keys[key] = { help, run: () => begin(deed, whole ? group.items : item ? [item] : []) };
  }
  useKeys("nav.attention", keys);

  return (
    <div className="attention">
      <ul className="causes card" aria-label={t("attention.causes")}>
        {groups.map((one) => (
          <li key={keyOf(one)}>
            <button
              type="button"
              aria-current={one === group}
              className={one === group ? "on" : ""}
              onClick={() => choose(keyOf(one))}
            >
              <Cause group={one} />
            </button>
          </li>
        ))}
      </ul>
      <Group group={group} cursor={item?.id ?? null} onCursor={items.choose} onDeed={begin} />
      {bulk && <BulkDialog ask={bulk} onClose={() => setBulk(null)} onDone={reload} />}
      {asking && (
        <NoteDialog
          title={t(DEEDS[asking.deed].title)}
          explain={
            <>
              {t(DEEDS[asking.deed].explain)}
              {asking.items.length > 1 && <b> {t("attention.many", { n: asking.items.length })}</b>}
            </>
          }
          action={t(DEEDS[asking.deed].title)}
          label={t("note.optional")}
          danger={DEEDS[asking.deed].danger}
          onClose={() => setAsking(null)}
          onDone={(note) => done(asking.deed, asking.items, note)}
        />
      )}
    </div>
  );
}

function Cause({ group }: { group: AttentionGroup }) {
  const { word } = useI18n();
  return (
    <>
      <span className="row">
        <Tag tone={group.kind === "dead" || group.kind === "stopped" ? "red" : "amber"}>
          {word("kind", group.kind)}
        </Tag>
        <span className="mono small quiet">{group.code}</span>
        <span className="count" style={{ marginInlineStart: "auto" }}>
          {group.count}
        </span>
      </span>
      <span className="cause">{group.cause}</span>
      <span className="row small quiet">
        <span className="mono ellipsis grow">{[group.route, group.step].filter(Boolean).join(" › ")}</span>
        <Ago at={group.oldest} />
      </span>
    </>
  );
}
