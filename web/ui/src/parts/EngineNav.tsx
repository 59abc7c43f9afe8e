import { useSession } from "@/app/session";
import { type Screen, SubNav } from "./SubNav";

/** `right` is a word of `session.nav`. */
const SCREENS: Screen[] = [
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
export function EngineNav({ counts }: { counts?: Record<string, number | undefined> }) {
  const { nav } = useSession();
  return <SubNav screens={SCREENS} rights={nav} label="nav.engine" counts={counts} zero />;
}
