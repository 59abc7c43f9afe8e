import { useEffect, useRef } from "react";
import { useI18n } from "@/i18n";
import { PageImage, type Picture } from "../../scan/page/PageImage";

interface Props {
  pages: readonly Picture[];
  at: number;
  go: (at: number) => void;
  /** Numbers of pages with a hit. */
  found?: ReadonlySet<number>;
  /** Numbers of pages that are marked as wrong, or that nobody has checked. */
  warned?: ReadonlySet<number>;
  warning?: string;
}

/** All pages small; those with a hit are marked. */
export function Thumbs({ pages, at, go, found, warned, warning }: Props) {
  const { t } = useI18n();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <ol className="thumbs" ref={list} aria-label={t("reader.thumbs")} data-testid="thumbs">
      {pages.map((page, nth) => (
        <li key={page.id}>
          <button
            type="button"
            className={nth === at ? "on" : ""}
            aria-current={nth === at ? "page" : undefined}
            onClick={() => go(nth)}
          >
            <span className="thumb">
              <PageImage page={page} kind="thumb" alt={t("scan.page.n", { n: page.number })} lazy />
            </span>
            <span className="small">
              {page.number}
              {found?.has(page.number) && <i className="dot" title={t("reader.hashit")} />}
              {warned?.has(page.number) && (
                <b className="warned" title={warning}>
                  !
                </b>
              )}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
