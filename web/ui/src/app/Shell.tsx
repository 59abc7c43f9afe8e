import { Suspense, useEffect, useState } from "react";
import { Link, Navigate, Outlet, useLocation, useNavigate } from "react-router";
import { useI18n } from "@/i18n";
import { clock } from "@/i18n/time";
import { KeyHelp } from "@/keys/KeyHelp";
import { type Bindings, useKeyboard, useKeys } from "@/keys/keys";
import { Mark } from "@/parts/Mark";
import { Failure, Skeleton } from "@/parts/States";
import { LiveProvider, useLiveState, useTopics } from "./live";
import { allowed, placeOf } from "./nav";
import { useSession, useSessionState } from "./session";
import { TopBar } from "./TopBar";

/** The frame of every screen behind the sign-in. */
export function Shell() {
  const { state, reload } = useSessionState();
  const { pathname } = useLocation();
  if (state.kind === "loading") return <Skeleton />;
  if (state.kind === "failed") return <Failure problem={state.problem} onRetry={() => void reload()} />;
  if (state.kind === "out") return <Navigate to={`/login?next=${encodeURIComponent(pathname)}`} replace />;
  return (
    <LiveProvider>
      <Frame />
    </LiveProvider>
  );
}

function Frame() {
  const { t } = useI18n();
  const session = useSession();
  const { reload } = useSessionState();
  const go = useNavigate();
  const [help, setHelp] = useState(false);
  const { pathname } = useLocation();
  const places = allowed(session.nav);
  useTopics(["attention", "alerts", "sign", "unmatched"], () => void reload());

  const keys: Bindings = {
    "?": { help: "keys.help", run: () => setHelp(true) },
    "/": { help: "keys.search", run: () => document.getElementById("search")?.focus() },
    Escape: { help: "keys.back", run: () => void go(-1) },
  };
  for (const place of places) keys[`g ${place.letter}`] = { help: place.go, run: () => void go(place.path) };
  keys["g y"] = { help: "keys.go.me", run: () => void go("/me") };
  useKeys("keys.everywhere", keys);
  const board = useKeyboard();
  const own = session.user.keys;
  useEffect(() => {
    board.own = own;
    return () => {
      board.own = {};
    };
  }, [board, own]);

  const here = placeOf(pathname);
  const title = places.find((place) => place.name === here);
  useEffect(() => {
    document.title = title ? `${t(title.title)} · Waybill` : "Waybill";
  }, [title, t]);

  return (
    <div className="shell">
      <Link className="brand" to="/today" aria-label="Waybill">
        <Mark />
      </Link>
      <TopBar />
      <nav className="rail" aria-label={t("nav.label")}>
        {places.map((place) => (
          <Link
            key={place.name}
            to={place.path}
            className={here === place.name ? "on" : ""}
            aria-current={here === place.name ? "page" : undefined}
          >
            {place.icon}
            {t(place.title)}
          </Link>
        ))}
        <button type="button" className="end" onClick={() => setHelp(true)} aria-label={t("keys.help")}>
          ?
        </button>
      </nav>
      <main className="main">
        <Lost />
        <Suspense fallback={<Skeleton />}>
          <Outlet />
        </Suspense>
      </main>
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </div>
  );
}

/** "Live lost 10:02:11": the stream of changes is away, so what is shown may be old. */
function Lost() {
  const { lostAt } = useLiveState();
  const { t, locale } = useI18n();
  return (
    <div aria-live="polite">
      {lostAt && <div className="lost">{t("live.lost", { at: clock(locale, lostAt) })}</div>}
    </div>
  );
}
