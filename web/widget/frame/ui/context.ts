/** What every part of the screen shares. */
import { createContext, type Component as Base, type ComponentType, Component, type VNode } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Config } from "../../shared/config";
import type { Downloads } from "../downloads";
import type { Words } from "../i18n";
import type { Snapshot, Visit } from "../visit";

export interface Shared {
  visit: Visit;
  downloads: Downloads;
  config: Config;
  words: Words;
  /** Tells the page's program of an action that only it can carry out. */
  act: (name: "custom" | "addToCart", data: unknown) => void;
}

export const SharedContext = createContext<Shared | null>(null);

export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (!shared) throw new Error("outside of the widget");
  return shared;
}

/** The visit as it stands. */
export function useSnapshot(visit: Visit): Snapshot {
  const [snapshot, setSnapshot] = useState(visit.snapshot);
  useEffect(() => {
    setSnapshot(visit.snapshot);
    return visit.subscribe(() => setSnapshot(visit.snapshot));
  }, [visit]);
  return snapshot;
}

/** A component that is drawn anew only when one of its properties is another. */
export function memo<P extends object>(draw: (props: P) => VNode | null): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const names = new Set([...Object.keys(next), ...Object.keys(this.props)]) as Set<keyof P>;
      return [...names].some((name) => next[name] !== this.props[name]);
    }
    override render(): VNode | null {
      return draw(this.props);
    }
  } satisfies new () => Base<P>;
}
