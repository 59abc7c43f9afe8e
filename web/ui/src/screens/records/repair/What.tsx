import { CaretDownFilled, CaretRightFilled } from "@ant-design/icons";
import { Checkbox } from "antd";
import { useState } from "react";
import { records } from "@/api/records";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { More } from "@/parts/More";
import { Empty, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { usePages } from "../../messages/usePages";
import { PageImage } from "../../scan/page/PageImage";
import { PLAIN } from "../../scan/page/shape";
import type { DocBrief, PatientBrief } from "../types";
import { useRecordWords } from "../words";

export interface Chosen {
  documents: readonly string[];
  pages: readonly string[];
}

interface Props {
  from: PatientBrief;
  chosen: Chosen;
  onChosen: (chosen: Chosen) => void;
}

const toggled = (list: readonly string[], id: string): readonly string[] =>
  list.includes(id) ? list.filter((one) => one !== id) : [...list, id];

/** What of this patient goes: whole documents, some pages of one, or pages that are in none yet. */
export function What({ from, chosen, onChosen }: Props) {
  const { t } = useI18n();
  const words = useRecordWords();
  const [open, setOpen] = useState<string | null>(null);
  const pages = usePages<DocBrief>(
    `repair ${from.id}`,
    (after, signal) => records.branch(from.id, { by: ["date"], keys: [], after, limit: 100 }, signal),
    ["records"],
  );
  const tree = useLoad(`loose ${from.id}`, (signal) => records.tree(from.id, ["date"], false, signal));
  const list = useCursor(
    pages.items.map((one) => one.id),
    (id) => setOpen((old) => (old === id ? null : String(id))),
  );
  const document = (id: string) =>
    onChosen({ documents: toggled(chosen.documents, id), pages: chosen.pages });
  const page = (id: string) => onChosen({ documents: chosen.documents, pages: toggled(chosen.pages, id) });
  const loose = tree.data?.unchecked ?? [];
  useKeys("repair.what", {
    ...list.keys,
    Enter: { help: "repair.key.pages", run: list.keys.Enter?.run ?? (() => undefined) },
    " ": { help: "scan.key.tickrow", run: () => list.cursor !== null && document(String(list.cursor)) },
  });
  return (
    <section className="repair-what" aria-label={t("repair.what")}>
      <div className="row">
        <b className="grow">{t("repair.what")}</b>
        <span className="quiet small" data-testid="chosen">
          {t("repair.chosen", { n: chosen.documents.length, pages: chosen.pages.length })}
        </span>
      </div>
      <div className="rec-scroll card">
        <Show of={pages.first} lines={6}>
          {() =>
            pages.items.length || loose.length ? (
              <ul className="repair-list">
                {loose.map((one, at) => (
                  <li key={one.batch}>
                    <Checkbox
                      checked={one.pages.every((id) => chosen.pages.includes(id))}
                      onChange={(event) => {
                        const others = chosen.pages.filter((id) => !one.pages.includes(id));
                        onChosen({
                          documents: chosen.documents,
                          pages: event.target.checked ? [...others, ...one.pages] : others,
                        });
                      }}
                    >
                      {t("repair.loose", { n: one.pages.length, batch: at + 1 })}
                    </Checkbox>
                  </li>
                ))}
                {pages.items.map((one) => (
                  <li key={one.id} data-row-key={one.id} className={one.id === list.cursor ? "cursor" : ""}>
                    <div className="row">
                      <Checkbox
                        checked={chosen.documents.includes(one.id)}
                        aria-label={words.title(one)}
                        onChange={() => document(one.id)}
                      />
                      <button
                        type="button"
                        className="as-link as-text grow"
                        disabled={one.origin !== "scan"}
                        aria-expanded={open === one.id}
                        onClick={() => {
                          list.choose(one.id);
                          setOpen(open === one.id ? null : one.id);
                        }}
                      >
                        {one.origin === "scan" &&
                          (open === one.id ? <CaretDownFilled /> : <CaretRightFilled />)}
                        <span className="two">
                          <span className="ellipsis">{words.title(one)}</span>
                          <span className="small quiet">
                            {words.date(one.date)} · {t("find.pages", { n: one.pages })}
                          </span>
                        </span>
                      </button>
                    </div>
                    {open === one.id && (
                      <Inside
                        id={one.id}
                        whole={chosen.documents.includes(one.id)}
                        chosen={chosen.pages}
                        onPage={page}
                      />
                    )}
                  </li>
                ))}
              </ul>
            ) : (
              <Empty title={t("reader.empty")} hint={t("repair.none.hint")} />
            )
          }
        </Show>
        <More of={pages} small />
      </div>
    </section>
  );
}

interface InsideProps {
  id: string;
  whole: boolean;
  chosen: readonly string[];
  onPage: (id: string) => void;
}

/** The pages of one document, to tick some of them. */
function Inside({ id, whole, chosen, onPage }: InsideProps) {
  const { t } = useI18n();
  const reader = useLoad(`repair pages ${id}`, (signal) => records.reader(id, signal));
  return (
    <Show of={reader} lines={2}>
      {(data) => (
        <ol className="repair-pages">
          {(data.pages ?? []).map((page) => (
            <li key={page.page}>
              <button
                type="button"
                disabled={whole}
                aria-pressed={whole || chosen.includes(page.page)}
                className={whole || chosen.includes(page.page) ? "on" : ""}
                // the list's Space ticks the document at its cursor, not the page that was clicked
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => onPage(page.page)}
                aria-label={t("scan.page.n", { n: page.n })}
              >
                <span className="thumb">
                  <PageImage
                    page={{
                      id: page.page,
                      number: page.n,
                      r: page.r,
                      width: page.width,
                      height: page.height,
                      recipe: PLAIN,
                      ready: true,
                      address: (kind) => records.picture(id, page.n, page.r, kind),
                    }}
                    kind="thumb"
                    alt=""
                    lazy
                  />
                </span>
                <span className="small">{page.n}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </Show>
  );
}
