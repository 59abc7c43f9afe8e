import { useMemo, useRef, useState } from "react";
import { records } from "@/api/records";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { moment } from "@/i18n/time";
import { useKeys } from "@/keys/keys";
import { Empty, Failure, Skeleton } from "@/parts/States";
import { iso } from "../../scan/desk/words";
import type { Picture } from "../../scan/page/PageImage";
import { PageView } from "../../scan/page/PageView";
import { PLAIN } from "../../scan/page/shape";
import type { PageInWork } from "../types";
import { pageKeys, ZOOM } from "./pageKeys";
import { Thumbs } from "./Thumbs";

/** Pages that are in no document yet, one by one; over each that nobody has checked stands that it is so. */
export function InWorkPane({ patient }: { patient: string }) {
  const { t, locale } = useI18n();
  const loaded = useLoad(`in work ${patient}`, (signal) => records.inWork(patient, signal), ["records"]);
  const [wanted, setWanted] = useState(0);
  const [zoom, setZoom] = useState(ZOOM);
  const frame = useRef<HTMLElement>(null);
  const found = loaded.data?.pages;
  const pages = useMemo(() => (found ?? []).map((page) => pictureOf(patient, page)), [found, patient]);
  const at = Math.max(0, Math.min(wanted, pages.length - 1));
  const go = (to: number) => setWanted(Math.max(0, Math.min(pages.length - 1, to)));
  useKeys("keys.pdf", pageKeys({ frame, at, count: pages.length, go, setZoom }));
  const unchecked = useMemo(
    () => new Set((found ?? []).filter((one) => !one.checked).map((one) => one.n)),
    [found],
  );
  const page = found?.[at];
  return (
    <section className="reading on" ref={frame} aria-label={t("reader.loose")} data-testid="in-work-pages">
      {loaded.problem && !found && <Failure problem={loaded.problem} onRetry={loaded.reload} />}
      {!found && !loaded.problem && <Skeleton lines={12} />}
      {found && !page && <Empty title={t("reader.loose.none")} hint={t("reader.loose.hint")} />}
      {page && (
        <>
          {!page.checked && (
            <p className="band-row amber" role="status" data-testid="page-not-checked">
              <b>{t("reader.loose.unchecked")}</b>
            </p>
          )}
          <div className="view-bar reading-bar">
            <span className="strong nowrap" data-testid="page-of">
              {t("scan.page.of", { n: at + 1, of: pages.length })}
            </span>
            <span className="quiet nowrap">
              {t("reader.loose.scanned", { at: moment(locale, iso(page.at)) })}
            </span>
          </div>
          <div className="reading-pages">
            <div className="view">
              <PageView pages={pages} at={at} zoom={zoom} />
            </div>
            <Thumbs pages={pages} at={at} go={go} warned={unchecked} warning={t("reader.loose.unchecked")} />
          </div>
        </>
      )}
    </section>
  );
}

function pictureOf(patient: string, page: PageInWork): Picture {
  return {
    id: page.page,
    number: page.n,
    r: page.r,
    width: page.width,
    height: page.height,
    recipe: PLAIN,
    ready: true,
    address: (kind) => records.pictureInWork(patient, page.page, page.r, kind),
  };
}
