import { useRef, useState } from "react";
import { Problem } from "@/api/client";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { PageHead } from "@/parts/bits";
import { Failure } from "@/parts/States";
import { useLists } from "../scan/useLists";
import { AdminNav } from "./AdminNav";
import { ListEditor } from "./lists/ListEditor";
import { Models } from "./Models";
import { YamlEditor } from "./YamlEditor";

const VIEWS = ["kinds", "departments", "stations", "yaml", "learnt"] as const;
type View = (typeof VIEWS)[number];

/** LISTS /admin/lists: what the site calls things, and what the machine has learnt from that. */
export default function Lists() {
  const { t } = useI18n();
  const { rights } = useSession();
  const [view, setView] = useState<View>("kinds");
  const lists = useLists();
  const may = rights.includes("lists");
  const guard = useRef<(() => boolean) | null>(null);
  const show = (name: View) => (guard.current?.() ?? true) && setView(name);
  const keys: Bindings = {};
  for (const [at, name] of VIEWS.entries())
    keys[String(at + 1)] = { help: `lists.view.${name}`, run: () => show(name) };
  useKeys("nav.lists", keys, { enabled: may });
  if (!may) return <Failure problem={new Problem(403, "WB-7002", "", "", "lists")} />;
  const counts: Partial<Record<View, number>> = {
    kinds: lists.kinds.length,
    departments: lists.departments.length,
    stations: lists.stations.length,
  };
  return (
    <div className="page fill">
      <PageHead title={t("nav.lists")}>
        <AdminNav />
        <div className="subnav" role="tablist" aria-label={t("nav.lists")}>
          {VIEWS.map((name, at) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={view === name}
              className={view === name ? "on" : ""}
              onClick={() => show(name)}
              data-testid={`lists-${name}`}
            >
              {t(`lists.view.${name}`)} <kbd>{at + 1}</kbd>
              {!!counts[name] && <span className="count">{counts[name]}</span>}
            </button>
          ))}
        </div>
      </PageHead>
      {view === "yaml" ? (
        <YamlEditor />
      ) : view === "learnt" ? (
        <Models />
      ) : (
        <ListEditor name={view} guard={guard} />
      )}
    </div>
  );
}
