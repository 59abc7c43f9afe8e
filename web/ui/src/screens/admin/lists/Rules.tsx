import { useI18n } from "@/i18n";
import { Tag } from "@/parts/bits";
import type { Kind } from "../../scan/types";

/** A rule as `records/rules.py` says it. */
interface Rule {
  name?: string;
  form?: string;
  pattern?: string;
  after?: string[];
  zone?: number[];
}

/** The values that are looked for on pages of a kind: to be read here, and changed in the text. */
export function Rules({ rules }: { rules: Kind["values"] }) {
  const { t, word } = useI18n();
  return (
    <section className="rules" aria-label={t("lists.values")}>
      <h3>{t("lists.values")}</h3>
      {!rules.length && <p className="quiet small">{t("lists.values.none")}</p>}
      <ul>
        {(rules as Rule[]).map((rule) => (
          <li key={`${rule.name} ${rule.pattern} ${rule.after?.join()}`} data-testid="rule">
            <p className="row">
              <b className="mono">{rule.name}</b>
              <Tag tone="slate" bare tiny>
                {word("lists.form", rule.form ?? "text")}
              </Tag>
            </p>
            {rule.pattern && <code className="small">{rule.pattern}</code>}
            {!!rule.after?.length && (
              <p className="small quiet">{t("lists.rule.after", { labels: rule.after.join(" · ") })}</p>
            )}
            {!!rule.zone?.length && (
              <p className="small quiet">
                {t("lists.rule.zone", {
                  zone: rule.zone.map((part) => `${Math.round(part * 100)} %`).join(", "),
                })}
              </p>
            )}
          </li>
        ))}
      </ul>
      <p className="quiet small">{t("lists.values.where")}</p>
    </section>
  );
}
