import { useEffect, useState } from "react";
import { scan } from "@/api/scan";
import type { Page, Recipe } from "../types";

/** What is needed of a page to show it. */
export interface Picture extends Pick<Page, "id" | "number" | "r" | "width" | "height" | "recipe" | "ready"> {
  /** The recipe of the picture that the server has, while a newer one is on its way there. */
  made?: Recipe;
  /** Where its pictures lie, when not at the scan desk. */
  address?: (kind: "thumb" | "view") => string;
}

import { preview } from "./shape";

interface Props {
  page: Picture;
  kind: "thumb" | "view";
  alt: string;
  lazy?: boolean;
}

/** A page's picture. A new recipe is shown at once by CSS on the old picture, until the new one has come. */
export function PageImage({ page, kind, alt, lazy }: Props) {
  const wanted = page.address?.(kind) ?? (kind === "thumb" ? scan.thumb(page) : scan.view(page));
  const made = page.made ?? page.recipe;
  const [shown, setShown] = useState({ id: page.id, url: wanted, made });
  const [missing, setMissing] = useState(false);
  const same = shown.id === page.id;
  const late = same && shown.url !== wanted;

  useEffect(() => {
    if (!late) return;
    const next = new Image();
    const take = () => setShown({ id: page.id, url: wanted, made: page.recipe });
    next.onload = take;
    next.onerror = take;
    next.src = wanted;
    return () => {
      next.onload = null;
      next.onerror = null;
    };
  }, [late, wanted, page.id, page.recipe]);
  useEffect(() => {
    if (!same) setShown({ id: page.id, url: wanted, made });
  }, [same, page.id, wanted, made]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another picture is another try
  useEffect(() => setMissing(false), [wanted, page.ready]);

  if (missing) return <span className="page-none" role="img" aria-label={alt} />;
  const now = same ? shown : { url: wanted, made };
  return (
    <img
      src={now.url}
      alt={alt}
      draggable={false}
      loading={lazy ? "lazy" : undefined}
      decoding={kind === "view" ? "sync" : "async"}
      style={preview(page, now.made, page.recipe)}
      onError={() => setMissing(true)}
    />
  );
}
