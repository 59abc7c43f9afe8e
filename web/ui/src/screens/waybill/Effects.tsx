import type { Effect } from "@/api/types";
import { useI18n } from "@/i18n";
import { At, Tag, toneOf } from "@/parts/bits";

/** Each act on the outside world, and how it ended. */
export function Effects({ effects }: { effects: Effect[] }) {
  const { t, word } = useI18n();
  return (
    <ul className="card-body effects">
      {effects.map((effect) => (
        <li key={`${effect.step}${effect.at}${effect.operation}`}>
          <Tag tone={toneOf(effect.state)}>{word("effect", effect.state)}</Tag>
          <span className="two grow">
            <span className="ellipsis">
              <span className="mono strong">{effect.connection}</span>{" "}
              <span className="mono">{effect.operation}</span>{" "}
              <span className="small quiet">{effect.step}</span>
            </span>
            {effect.reason && (
              <span className="small err">
                <span className="mono">{effect.code}</span> {effect.reason}
              </span>
            )}
          </span>
          <span className="two small quiet" style={{ textAlign: "right" }}>
            <At at={effect.settled_at ?? effect.at} seconds />
            {effect.attempts > 1 && <span>{t("waybill.attempts", { n: effect.attempts })}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
