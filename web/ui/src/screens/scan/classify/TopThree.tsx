import { useI18n } from "@/i18n";
import type { Draft, Lists } from "../types";
import { useNamed } from "../useLists";

export const TOP = 3;

/** The machine's first three kinds with their probability; it says when it is not sure. */
export function TopThree(props: {
  draft: Draft;
  lists: Lists;
  disabled: boolean;
  onKind: (code: string) => void;
}) {
  const { draft, lists, disabled, onKind } = props;
  const { t, locale } = useI18n();
  const named = useNamed();
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const kinds = (draft.suggested.kinds ?? []).slice(0, TOP);
  if (disabled && !kinds.length) return null;
  return (
    <section aria-label={t("scan.top")}>
      {draft.suggested.abstained && (
        <p className="small quiet">{kinds.length ? t("scan.abstained") : t("scan.top.none")}</p>
      )}
      <ol className="top-kinds">
        {kinds.map((one, at) => (
          <li key={one.code}>
            <button
              type="button"
              disabled={disabled}
              className={one.code === draft.kind ? "on" : ""}
              aria-pressed={one.code === draft.kind}
              onClick={() => onKind(one.code)}
              data-testid={`kind-${at + 1}`}
            >
              <kbd>{at + 1}</kbd>
              <span className="grow ellipsis">
                {named(
                  lists.kinds.find((kind) => kind.code === one.code),
                  one.code,
                )}
              </span>
              <span className="meter" aria-hidden="true">
                <i style={{ width: `${one.probability * 100}%` }} />
              </span>
              <span className="nowrap">{percent.format(one.probability)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
