import { Button } from "antd";
import { Link } from "react-router";
import type { AttentionGroup, AttentionItem } from "@/api/types";
import { useI18n } from "@/i18n";
import { Ago, Tag } from "@/parts/bits";
import { DEEDS, type Deed, deedsOf, targetOf } from "./deeds";

interface Props {
  group: AttentionGroup;
  cursor: number | null;
  onCursor: (id: number) => void;
  onDeed: (deed: Deed, items: AttentionItem[]) => void;
}

/** One cause: what it means, whom to call, what to do, and the entries. */
export function Group({ group, cursor, onCursor, onDeed }: Props) {
  const { t } = useI18n();
  const chosen = group.items.find((item) => item.id === cursor);
  return (
    <section className="card cause-page">
      <header>
        <h2 className="say">{group.cause}</h2>
        <p className="help">{group.help || t("attention.nohelp")}</p>
        {group.contact && (
          <p>
            <span className="quiet">{t("attention.contact")}</span> {group.contact}
          </p>
        )}
        <div className="row wrap deeds">
          {deedsOf(group).map((deed) => {
            const words = DEEDS[deed];
            return (
              <Button
                key={deed}
                danger={words.danger}
                type={words.key === "y" || words.key === "r" ? "primary" : "default"}
                data-testid={`deed-${deed}`}
                onClick={() => onDeed(deed, words.group ? group.items : chosen ? [chosen] : [])}
              >
                {t(words.title)}
                {words.group && ` (${group.count})`} <kbd>{words.key}</kbd>
              </Button>
            );
          })}
        </div>
      </header>
      <ul className="entries">
        {group.items.map((item) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter move and open; the link inside is focusable
          <li
            key={item.id}
            data-row-key={item.id}
            className={item.id === cursor ? "cursor" : ""}
            onClick={() => onCursor(item.id)}
          >
            <Entry item={item} />
          </li>
        ))}
      </ul>
      {group.count > group.items.length && (
        <p className="quiet card-body">{t("attention.newest", { n: group.items.length, of: group.count })}</p>
      )}
    </section>
  );
}

function Entry({ item }: { item: AttentionItem }) {
  const { t } = useI18n();
  const to = targetOf(item);
  return (
    <>
      <span className="mono strong order">{item.order_id || "–"}</span>
      <span className="grow">{item.reason}</span>
      {item.acknowledged_by && (
        <Tag tone="slate" bare>
          {t("attention.by", { who: item.acknowledged_by })}
        </Tag>
      )}
      <span className="quiet">
        <Ago at={item.created_at} />
      </span>
      {to && <Link to={to}>{item.run_id ? t("act.waybill") : t("act.open")}</Link>}
    </>
  );
}
