import { NavLink, useNavigate } from "react-router";
import { useSession } from "@/app/session";
import { type Key, useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";

const SCREENS: { right: string; path: string; letter: string; title: Key; go: Key }[] = [
  { right: "lists", path: "/admin/lists", letter: "l", title: "nav.lists", go: "keys.go.lists" },
  { right: "users", path: "/admin/users", letter: "p", title: "nav.people", go: "keys.go.people" },
];

/** The administrator's screens that this user may open. */
export function AdminNav() {
  const { t } = useI18n();
  const go = useNavigate();
  const { rights } = useSession();
  const mine = SCREENS.filter((screen) => rights.includes(screen.right));
  const keys: Bindings = {};
  for (const screen of mine)
    keys[`g ${screen.letter}`] = { help: screen.go, run: () => void go(screen.path) };
  useKeys("nav.admin", keys);
  return (
    <nav className="subnav" aria-label={t("nav.admin")}>
      {mine.map((screen) => (
        <NavLink
          key={screen.right}
          to={screen.path}
          data-testid={`nav-${screen.right}`}
          className={({ isActive }) => (isActive ? "on" : "")}
        >
          {t(screen.title)}
        </NavLink>
      ))}
    </nav>
  );
}
