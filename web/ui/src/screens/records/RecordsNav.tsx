import { NavLink, useNavigate } from "react-router";
import { useSession } from "@/app/session";
import { type Key, useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";

/** `right`: the word of `session.rights` that the screen needs. */
const SCREENS: { name: string; right: string; path: string; letter: string; title: Key; go: Key }[] = [
  { name: "find", right: "records", path: "/records", letter: "f", title: "nav.find", go: "keys.go.find" },
  {
    name: "tomorrow",
    right: "tomorrow",
    path: "/records/tomorrow",
    letter: "m",
    title: "nav.tomorrow",
    go: "keys.go.tomorrow",
  },
  {
    name: "duplicates",
    right: "duplicates",
    path: "/records/duplicates",
    letter: "d",
    title: "nav.duplicates",
    go: "keys.go.duplicates",
  },
  {
    name: "repair",
    right: "repair",
    path: "/records/repair",
    letter: "p",
    title: "nav.repair",
    go: "keys.go.repair",
  },
  {
    name: "boxes",
    right: "scan",
    path: "/records/boxes",
    letter: "x",
    title: "nav.boxes",
    go: "keys.go.boxes",
  },
];

/** The screens of the records that this user may open. */
export function RecordsNav({ counts = {} }: { counts?: Record<string, number | undefined> }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { rights } = useSession();
  const mine = SCREENS.filter((screen) => rights.includes(screen.right));
  const keys: Bindings = {};
  for (const screen of mine)
    keys[`g ${screen.letter}`] = { help: screen.go, run: () => void go(screen.path) };
  useKeys("nav.records", keys);
  return (
    <nav className="subnav" aria-label={t("nav.records")}>
      {mine.map((screen) => (
        <NavLink
          key={screen.name}
          to={screen.path}
          end
          data-testid={`nav-${screen.name}`}
          className={({ isActive }) => (isActive ? "on" : "")}
        >
          {t(screen.title)}
          {!!counts[screen.name] && <span className="count">{counts[screen.name]}</span>}
        </NavLink>
      ))}
    </nav>
  );
}
