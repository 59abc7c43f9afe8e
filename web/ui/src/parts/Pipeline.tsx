import { STATUSES, type Status } from "@/api/types";
import { useI18n } from "@/i18n";

/** The four statuses as the way of an order, with how many stand at each. */
export function Pipeline(props: {
  /** The status that is open; none outside the worklist. */
  status: Status | null;
  counts: Record<string, number> | null;
  onChoose: (status: Status) => void;
}) {
  const { t, word } = useI18n();
  return (
    <div className="pipeline" role="tablist" aria-label={t("worklist.tabs")}>
      {STATUSES.map((name, at) => (
        <button
          key={name}
          type="button"
          role="tab"
          data-testid={`tab-${name}`}
          aria-selected={props.status === name}
          className={`stage stage-${name}${props.status === name ? " on" : ""}`}
          onClick={() => props.onChoose(name)}
        >
          <span className="n">{props.counts?.[name] ?? "–"}</span>
          <span className="two">
            <span className="strong">{word("status", name)}</span>
            <span className="small quiet">{t(`worklist.stage.${name}`)}</span>
          </span>
          {props.status && <kbd>{at + 1}</kbd>}
        </button>
      ))}
    </div>
  );
}
