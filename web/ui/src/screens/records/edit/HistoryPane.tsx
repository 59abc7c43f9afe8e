import { records } from "@/api/records";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { At, Tag } from "@/parts/bits";
import { More } from "@/parts/More";
import { Show } from "@/parts/States";
import { type Pages, usePages } from "../../messages/usePages";
import { iso } from "../../scan/desk/words";
import type { HistoryEntry, ReaderDocument } from "../types";
import { Changes } from "./Changes";

type Entry = Omit<HistoryEntry, "id"> & { id: string };

export function useHistory(id: string): Pages<Entry> {
  return usePages<Entry>(
    `history ${id}`,
    async (after, signal) => {
      const page = await records.history(id, after, signal);
      return { items: page.items.map((one) => ({ ...one, id: String(one.id) })), next: page.next };
    },
    [`document:${id}`],
  );
}

/** Everything that was done to a document, by whom, when and why; and its versions. */
export function HistoryPane({ history, data }: { history: Pages<Entry>; data: ReaderDocument }) {
  const { t, word } = useI18n();
  const { rights } = useSession();
  const link = (version: number) => (
    <a href={records.version(data.document.id, version)} target="_blank" rel="noopener">
      {t("reader.version", { n: version })}
    </a>
  );
  return (
    <section className="card history rec-scroll" aria-label={t("edit.history")} data-testid="history">
      <h2>{t("edit.versions")}</h2>
      <ul className="versions">
        {data.versions.map((one) => (
          <li key={one.version}>
            {one.foreign && !rights.includes("repair") ? (
              <span className="quiet">{t("reader.version", { n: one.version })}</span>
            ) : (
              link(one.version)
            )}
            <span className="small quiet">
              <At at={iso(one.at)} /> · {one.by ?? t("edit.machine")} · {word("edit.form", one.form)}
              {one.reason && ` · ${one.reason}`}
            </span>
            {one.foreign && (
              <Tag tone="red" bare tiny>
                {t("edit.foreign")}
              </Tag>
            )}
            {one.checks.length > 0 && (
              <Tag tone="green" bare tiny>
                {t("edit.checked", { n: one.checks.length })}
              </Tag>
            )}
          </li>
        ))}
        {!data.versions.length && <li>{link(data.document.version)}</li>}
      </ul>
      <h2>{t("edit.history")}</h2>
      <Show of={history.first} lines={5}>
        {() =>
          history.items.length ? (
            <ol className="acts">
              {history.items.map((one) => (
                <li key={one.id} className={one.undone_at ? "undone" : ""} data-testid="history-entry">
                  <span className="row">
                    <b>{word("edit.act", one.kind)}</b>
                    {one.bulk && (
                      <Tag tone="blue" bare tiny>
                        {t("edit.bulk")}
                      </Tag>
                    )}
                    {one.undone_at && (
                      <Tag tone="slate" bare tiny>
                        {t("edit.undone", { who: one.undone_by ?? "" })}
                      </Tag>
                    )}
                  </span>
                  <span className="small quiet">
                    <At at={iso(one.at)} /> · {one.by ?? t("edit.machine")}
                  </span>
                  {one.note && <span className="note">“{one.note}”</span>}
                  <Changes changes={one.changes} />
                </li>
              ))}
            </ol>
          ) : (
            <p className="quiet small">{t("edit.history.none")}</p>
          )
        }
      </Show>
      <More of={history} small />
    </section>
  );
}
