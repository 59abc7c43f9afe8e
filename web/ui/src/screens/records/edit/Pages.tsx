import { Button } from "antd";
import { useEffect, useState } from "react";
import { records } from "@/api/records";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { NoteDialog } from "@/parts/NoteDialog";
import { PageImage } from "../../scan/page/PageImage";
import { PLAIN } from "../../scan/page/shape";
import type { ReaderDocument } from "../types";

interface Props {
  data: ReaderDocument;
  disabled: boolean;
  onSave: (pages: string[], reason: string) => Promise<unknown>;
}

/** The pages of the newest version: moved by Ctrl and an arrow, taken out by x; saved as the next version. */
export function Pages({ data, disabled, onSave }: Props) {
  const { t } = useI18n();
  const pages = data.pages ?? [];
  const ids = pages.map((page) => page.page).join();
  const [order, setOrder] = useState<readonly string[]>(() => pages.map((page) => page.page));
  const [out, setOut] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState(0);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    setOrder(ids ? ids.split(",") : []);
    setOut(new Set());
  }, [ids]);

  const kept = order.filter((id) => !out.has(id));
  const dirty = kept.join() !== ids;
  const here = order[at];
  const move = (by: number) => {
    const to = at + by;
    if (disabled || to < 0 || to >= order.length) return;
    setOrder((old) => {
      const now = [...old];
      const [taken] = now.splice(at, 1);
      if (taken) now.splice(to, 0, taken);
      return now;
    });
    setAt(to);
  };
  const drop = () => {
    if (disabled || !here) return;
    setOut((old) => {
      const now = new Set(old);
      if (!now.delete(here)) now.add(here);
      return now;
    });
  };
  const step = (by: number) => setAt((old) => Math.max(0, Math.min(order.length - 1, old + by)));
  useKeys("edit.pages", {
    ArrowRight: { help: "scan.key.next", run: () => step(1) },
    ArrowLeft: { help: "scan.key.previous", run: () => step(-1) },
    "Ctrl+ArrowRight": { help: "scan.key.later", run: () => move(1) },
    "Ctrl+ArrowLeft": { help: "scan.key.earlier", run: () => move(-1) },
    x: { help: "edit.key.out", run: drop },
    S: { help: "edit.key.pages", run: () => dirty && kept.length && setAsking(true) },
  });
  return (
    <section className="card edit-pages" aria-label={t("edit.pages")}>
      <div className="list-bar">
        <b>{t("find.pages", { n: kept.length })}</b>
        <span className="small quiet grow">{t("edit.pages.hint")}</span>
        <Button
          size="small"
          type={dirty ? "primary" : "default"}
          disabled={!dirty || !kept.length || disabled}
          onClick={() => setAsking(true)}
        >
          {t("edit.pages.save", { n: data.document.version + 1 })} <kbd>S</kbd>
        </Button>
      </div>
      <ol className="edit-sheet rec-scroll" data-testid="edit-pages">
        {order.map((id, nth) => {
          const page = pages.find((one) => one.page === id);
          if (!page) return null;
          const gone = out.has(id);
          return (
            <li key={id}>
              <button
                type="button"
                className={`${nth === at ? "on" : ""}${gone ? " out" : ""}`}
                aria-current={nth === at || undefined}
                aria-label={`${t("scan.page.n", { n: page.n })}${gone ? `, ${t("edit.out")}` : ""}`}
                onClick={() => setAt(nth)}
                onDoubleClick={drop}
              >
                <span className="thumb">
                  <PageImage
                    page={{
                      id,
                      number: page.n,
                      r: page.r,
                      width: page.width,
                      height: page.height,
                      recipe: PLAIN,
                      ready: true,
                      address: (kind) => records.picture(data.document.id, page.n, page.r, kind),
                    }}
                    kind="thumb"
                    alt=""
                    lazy
                  />
                </span>
                <span className="small">
                  {gone ? t("edit.out") : kept.indexOf(id) + 1}
                  {!gone && kept.indexOf(id) + 1 !== page.n && ` (${t("edit.was", { n: page.n })})`}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
      {asking && (
        <NoteDialog
          title={t("edit.pages.save", { n: data.document.version + 1 })}
          explain={t("edit.pages.explain", { n: kept.length, of: pages.length })}
          action={t("edit.save")}
          label={t("edit.reason")}
          most={200}
          required
          onClose={() => setAsking(false)}
          onDone={(reason) => onSave(kept, reason)}
        />
      )}
    </section>
  );
}
