import { type CSSProperties, type ReactNode, useEffect } from "react";
import { useI18n } from "@/i18n";
import { PageImage, type Picture } from "./PageImage";
import { aspect, fitted } from "./shape";
import { useSize } from "./useSize";

/** A place on the page, with what stands there; without a label only the place. */
export interface Mark {
  box: readonly number[];
  label?: string;
  tone?: "green" | "amber" | "blue" | "hit" | "hit-on";
}

interface Props {
  pages: readonly Picture[];
  at: number;
  marks?: readonly Mark[];
  /** 1: the whole page. */
  zoom: number;
  children?: ReactNode;
}

/** How many pages before and after the shown one are kept ready: a flip only shows what is drawn already. */
const BEFORE = 1;
const AFTER = 2;
const MARGIN = 20;

/** The large page; its neighbours lie under it, so that a flip takes no loading. */
export function PageView({ pages, at, marks = [], zoom, children }: Props) {
  const { t } = useI18n();
  const [frame, size] = useSize<HTMLDivElement>({ width: 560, height: 520 });
  const page = pages[at];
  const id = page?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page begins at its top
  useEffect(() => {
    if (frame.current) frame.current.scrollTop = 0;
  }, [id, frame]);
  if (!page) return <div className="view-frame" ref={frame} />;
  const near = pages.slice(Math.max(0, at - BEFORE), at + AFTER + 1);
  return (
    <section
      className="view-frame"
      ref={frame}
      tabIndex={zoom > 1 ? 0 : undefined}
      aria-label={t("scan.page.large")}
    >
      {near.map((one) => (
        <div
          key={one.id}
          className={one.id === page.id ? "view-page on" : "view-page"}
          style={room(one, size, zoom)}
          aria-hidden={one.id === page.id ? undefined : true}
          data-testid={one.id === page.id ? "large-page" : undefined}
        >
          <PageImage page={one} kind="view" alt={t("scan.page.n", { n: one.number })} />
          {one.id === page.id && (
            <>
              {marks.map((mark) => (
                <span
                  key={`${mark.label ?? ""} ${mark.box.join()}`}
                  className={`page-mark mark-${mark.tone ?? "green"}`}
                  style={placed(mark.box)}
                >
                  {mark.label && <i>{mark.label}</i>}
                </span>
              ))}
              {children}
            </>
          )}
        </div>
      ))}
    </section>
  );
}

function room(page: Picture, frame: { width: number; height: number }, zoom: number): CSSProperties {
  const { width, height } = fitted(aspect(page, page.recipe), frame.width - MARGIN, frame.height - MARGIN);
  return { width: width * zoom, height: height * zoom };
}

export function placed(box: readonly number[]): CSSProperties {
  const [x = 0, y = 0, w = 0, h = 0] = box;
  return { left: `${x * 100}%`, top: `${y * 100}%`, width: `${w * 100}%`, height: `${h * 100}%` };
}
