import { ApartmentOutlined, EditOutlined, HomeOutlined, UnorderedListOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import type { Key } from "@/i18n";

export interface Place {
  /** The word of `session.nav`. */
  name: string;
  path: string;
  letter: string;
  title: Key;
  go: Key;
  icon: ReactNode;
}

/** What exists of the navigation of SCREENS.md, in its order. */
export const PLACES: readonly Place[] = [
  {
    name: "today",
    path: "/today",
    letter: "t",
    title: "nav.today",
    go: "keys.go.today",
    icon: <HomeOutlined />,
  },
  {
    name: "worklist",
    path: "/worklist",
    letter: "w",
    title: "nav.worklist",
    go: "keys.go.worklist",
    icon: <UnorderedListOutlined />,
  },
  { name: "sign", path: "/sign", letter: "s", title: "nav.sign", go: "keys.go.sign", icon: <EditOutlined /> },
  {
    name: "engine",
    path: "/engine",
    letter: "e",
    title: "nav.engine",
    go: "keys.go.engine",
    icon: <ApartmentOutlined />,
  },
];

/** The places that this user may enter: `session.nav` names the screens, `engine` stands for all of its own. */
export function allowed(nav: readonly string[]): readonly Place[] {
  return PLACES.filter((place) =>
    place.name === "engine" ? ENGINE.some((screen) => nav.includes(screen)) : nav.includes(place.name),
  ).map((place) => (place.name === "engine" ? { ...place, path: enginePath(nav) } : place));
}

const ENGINE = ["engine", "messages", "attention", "alerts", "unmatched"];

/** The first of the engine's screens that this user may open. */
function enginePath(nav: readonly string[]): string {
  const first = ENGINE.find((screen) => nav.includes(screen)) ?? "engine";
  return first === "engine" ? "/engine" : `/engine/${first}`;
}
