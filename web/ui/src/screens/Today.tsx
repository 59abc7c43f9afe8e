import { ArrowRightOutlined } from "@ant-design/icons";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/api";
import type { TodayCard, Today as TodayData } from "@/api/types";
import { useLoad } from "@/app/load";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { PageHead, Tag, toneOf } from "@/parts/bits";
import { Empty, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";

const TONES: Record<string, string> = { error: "red", warning: "amber", info: "blue", calm: "slate" };

export default function Today() {
  const { t, locale } = useI18n();
  const { user } = useSession();
  const today = useLoad("today", api.today, ["worklist", "attention", "unmatched", "sign", "dashboard"]);
  const date = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" }).format(
    new Date(),
  );
  return (
    <div className="page">
      <PageHead title={t("today.hello", { name: user.name })} sub={date} />
      <Show of={today} lines={5}>
        {(data) => (
          <>
            {data.cards.length ? (
              <Cards cards={data.cards} />
            ) : (
              <div className="card">
                <Empty title={t("today.empty")} hint={t("today.empty.hint")} />
              </div>
            )}
            <Health health={data.health} />
          </>
        )}
      </Show>
    </div>
  );
}

function Cards({ cards }: { cards: TodayCard[] }) {
  const { t, word } = useI18n();
  const go = useNavigate();
  const { cursor, keys } = useCursor(
    cards.map((card) => card.key),
    (key) => void go(cards.find((card) => card.key === key)?.link ?? "/today"),
  );
  useKeys("nav.today", keys);
  return (
    <ul className="todo">
      {cards.map((card) => (
        <li key={card.key} data-row-key={card.key} className={cursor === card.key ? "cursor" : ""}>
          <Link to={card.link} className={`todo-card edge-${TONES[card.tone] ?? "slate"}`}>
            <span className="n">{card.count}</span>
            <span className="grow">
              <span className="what">{word("card", card.key)}</span>
              <span className="quiet">{card.count ? word("card.hint", card.key) : t("today.nothing")}</span>
            </span>
            <ArrowRightOutlined className="quiet" />
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The engine's own word about itself, and why it is not well. */
function Health({ health }: { health: TodayData["health"] }) {
  const { t, word } = useI18n();
  return (
    <section className="card">
      <h2>{t("today.health")}</h2>
      <div className="card-body row wrap">
        <Tag tone={toneOf(health.state)}>{word("state", health.state)}</Tag>
        {health.reasons.length ? (
          health.reasons.map((reason) => <span key={reason}>{reason}</span>)
        ) : (
          <span className="quiet">{t("today.health.fine")}</span>
        )}
      </div>
    </section>
  );
}
