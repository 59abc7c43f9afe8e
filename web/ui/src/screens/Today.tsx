import { ArrowRightOutlined } from "@ant-design/icons";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/api";
import { STATUSES, type TodayCard, type Today as TodayData } from "@/api/types";
import { useLoad } from "@/app/load";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { Ago, PageHead, Tag, toneOf } from "@/parts/bits";
import { Pipeline } from "@/parts/Pipeline";
import { Empty, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";

const TONES: Record<string, string> = { error: "red", warning: "amber", info: "blue", calm: "slate" };
const WAY = STATUSES.map((status) => status.toLowerCase());

export default function Today() {
  const { t, locale } = useI18n();
  const { user, nav } = useSession();
  const today = useLoad("today", api.today, [
    "worklist",
    "attention",
    "alerts",
    "unmatched",
    "sign",
    "scan",
    "dashboard",
  ]);
  const date = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
  return (
    <div className="page">
      <PageHead title={t("today.hello", { name: user.name })} sub={date.format(new Date())} />
      <Show of={today} lines={5}>
        {(data) => (
          <>
            <Cards cards={data.cards.filter((card) => !WAY.includes(card.key))} />
            <Way cards={data.cards} />
            {data.cards.length === 0 && (
              <div className="card">
                <Empty title={t("today.empty")} hint={t("today.empty.hint")} />
              </div>
            )}
            <div className="lower">
              {nav.includes("attention") ? <Causes /> : <span />}
              <Health health={data.health} />
            </div>
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
  if (!cards.length) return null;
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

/** The four statuses, as on the worklist; each leads there. */
function Way({ cards }: { cards: TodayCard[] }) {
  const go = useNavigate();
  const found = STATUSES.flatMap((status) => cards.filter((card) => card.key === status.toLowerCase()));
  if (!found.length) return null;
  const counts = Object.fromEntries(STATUSES.map((status, at) => [status, found[at]?.count ?? 0]));
  return (
    <Pipeline status={null} counts={counts} onChoose={(status) => void go(`/worklist?status=${status}`)} />
  );
}

const FEW = 6;

/** What needs a person, the most frequent causes. */
function Causes() {
  const { t, word } = useI18n();
  const list = useLoad("attention", api.attention, ["attention"]);
  return (
    <section className="card">
      <h2>{t("card.attention")}</h2>
      <Show of={list} lines={3}>
        {({ groups }) =>
          groups.length ? (
            <ul style={{ marginTop: 8 }}>
              {groups.slice(0, FEW).map((group) => (
                <li key={[group.kind, group.code, group.route, group.step].join()}>
                  <Link to="/engine/attention" className="cause-row">
                    <span className="n">{group.count}</span>
                    <span className="ellipsis">{group.cause}</span>
                    <span>
                      <Tag tone={group.kind === "dead" ? "red" : "amber"}>{word("kind", group.kind)}</Tag>
                    </span>
                    <span className="quiet" style={{ textAlign: "end" }}>
                      <Ago at={group.oldest} />
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          ) : (
            <p className="quiet card-body">{t("attention.empty")}</p>
          )
        }
      </Show>
    </section>
  );
}

/** The engine's own word about itself, and why it is not well. */
function Health({ health }: { health: TodayData["health"] }) {
  const { t, word } = useI18n();
  return (
    <section className="card">
      <h2>{t("today.health")}</h2>
      <div className="card-body">
        <Tag tone={toneOf(health.state)}>{word("state", health.state)}</Tag>
        <ul className="reasons">
          {health.reasons.length ? (
            health.reasons.map((reason) => <li key={reason}>{reason}</li>)
          ) : (
            <li className="quiet">{t("today.health.fine")}</li>
          )}
        </ul>
      </div>
    </section>
  );
}
