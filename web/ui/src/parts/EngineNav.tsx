import { NavLink, useNavigate } from "react-router";
import { useSession } from "@/app/session";
import { type Key, useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";

/** `right` is the word of `session.nav`; `name` tells the screens apart. */
const SCREENS: { name: string; right: string; path: string; letter: string; title: Key; go: Key }[] = [
  {
    name: "engine",
    right: "engine",
    path: "/engine",
    letter: "d",
    title: "nav.dashboard",
    go: "keys.go.engine",
  },
  {
    name: "routes",
    right: "engine",
    path: "/engine/routes",
    letter: "o",
    title: "nav.routes",
    go: "keys.go.routes",
  },
  {
    name: "messages",
    right: "messages",
    path: "/engine/messages",
    letter: "m",
    title: "nav.messages",
    go: "keys.go.messages",
  },
  {
    name: "attention",
    right: "attention",
    path: "/engine/attention",
    letter: "a",
    title: "nav.attention",
    go: "keys.go.attention",
  },
  {
    name: "alerts",
    right: "alerts",
    path: "/engine/alerts",
    letter: "l",
    title: "nav.alerts",
    go: "keys.go.alerts",
  },
  {
    name: "unmatched",
    right: "unmatched",
    path: "/engine/unmatched",
    letter: "u",
    title: "nav.unmatched",
    go: "keys.go.unmatched",
  },
];

/** The screens of the engine that exist and that this user may open. */
export function EngineNav({ counts = {} }: { counts?: Record<string, number | undefined> }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { nav } = useSession();
  const mine = SCREENS.filter((screen) => nav.includes(screen.right));
  const keys: Bindings = {};
  for (const screen of mine)
    keys[`g ${screen.letter}`] = { help: screen.go, run: () => void go(screen.path) };
  useKeys("nav.engine", keys);
  return (
    <nav className="subnav" aria-label={t("nav.engine")}>
      {mine.map((screen) => (
        <NavLink
          key={screen.name}
          to={screen.path}
          end
          data-testid={`nav-${screen.name}`}
          className={({ isActive }) => (isActive ? "on" : "")}
        >
          {t(screen.title)}
          {counts[screen.name] !== undefined && <span className="count">{counts[screen.name]}</span>}
        </NavLink>
      ))}
    </nav>
  );
}
