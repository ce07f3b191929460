/** Draws structured content, and carries out what its buttons say, in their order. */
import { useId, useRef, useState } from "preact/hooks";
import type { Button, Node } from "../../../rich/model";
import { useShared } from "../ui/context";
import { Icon } from "../ui/icons";
import { Text } from "../ui/Text";
import { ChecklistView, DayView, SlotsView } from "./Pickers";
import { tap, type About } from "./tap";

export { tap, type About };

export function RichView({ node, about }: { node: Node; about: About }) {
  const shared = useShared();
  switch (node.kind) {
    case "text":
      return (
        <p class={`rich-text ${node.role}${node.bold ? " bold" : ""}${node.italic ? " italic" : ""}${node.large ? " larger" : ""}`} dir="auto">
          <Text>{node.text}</Text>
        </p>
      );
    case "button":
      return <RichButton button={node} about={about} />;
    case "image":
      return node.button ? (
        <button type="button" class="rich-image" onClick={() => node.button && tap(shared, about, node.button)} aria-label={node.alt || node.button.title}>
          <RichImage url={node.url} alt="" caption={node.caption} />
        </button>
      ) : (
        <RichImage url={node.url} alt={node.alt} caption={node.caption} />
      );
    case "box":
      return (
        <div class={`rich-${node.direction}${node.border ? " card" : ""}`}>
          {node.children.map((child, at) => (
            <div key={at} class={`rich-part ${child.kind}`} ref={(part) => part?.style.setProperty("--share", String(node.shares[at] ?? 1))}>
              <RichView node={child} about={about} />
            </div>
          ))}
        </div>
      );
    case "carousel":
      return <Carousel nodes={node.children} about={about} />;
    case "sections":
      return node.look === "tabs" ? <Tabs sections={node.sections} about={about} /> : <Accordion sections={node.sections} about={about} />;
    case "facts":
      return (
        <dl class="rich-facts">
          {node.pairs.map(([key, value], at) => (
            <div key={at}>
              <dt dir="auto">{key}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
        </dl>
      );
    case "place":
      return <RichButton button={{ kind: "button", title: node.title, label: null, actions: [{ type: "link", href: node.href }], metadata: node.metadata }} about={about} />;
    case "preview":
      return <RichButton button={{ kind: "button", title: node.title, label: null, actions: [{ type: "link", href: node.href }], metadata: [] }} about={about} />;
    case "checklist":
      return <ChecklistView list={node} about={about} />;
    case "slots":
      return <SlotsView slots={node} about={about} />;
    case "day":
      return <DayView day={node} about={about} />;
  }
}

type Sections = Extract<Node, { kind: "sections" }>["sections"];

function Accordion({ sections, about }: { sections: Sections; about: About }) {
  return (
    <div class="rich-vertical card">
      {sections.map((section, at) => (
        <details key={at} class="rich-section">
          <summary dir="auto">{section.title}</summary>
          <RichView node={section.node} about={about} />
        </details>
      ))}
    </div>
  );
}

function Tabs({ sections, about }: { sections: Sections; about: About }) {
  const id = useId();
  const { words } = useShared();
  const [open, setOpen] = useState(0);
  const strip = useRef<HTMLDivElement>(null);
  const shown = sections[open];
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const next = (open + step * (words.direction === "rtl" ? -1 : 1) + sections.length) % sections.length;
    setOpen(next);
    strip.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  return (
    <div class="rich-vertical card">
      <div ref={strip} role="tablist" class="rich-tabs" aria-label={words.t("choices")}>
        {sections.map((section, at) => (
          <button key={at} id={`${id}-${at}`} type="button" role="tab" aria-selected={at === open} aria-controls={`${id}-panel`} tabIndex={at === open ? 0 : -1} onClick={() => setOpen(at)} onKeyDown={move}>
            <bdi>{section.title}</bdi>
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${open}`}>
        {shown && <RichView node={shown.node} about={about} />}
      </div>
    </div>
  );
}

function RichButton({ button, about }: { button: Button; about: About }) {
  const shared = useShared();
  const opens = button.actions.some((action) => action.type === "link");
  const label = [button.label ?? button.title, opens ? `(${shared.words.t("opensTab")})` : ""].filter(Boolean).join(" ");
  return (
    <button type="button" class="rich-button" aria-label={label} onClick={() => tap(shared, about, button)}>
      <bdi>{button.title}</bdi>
      {opens && <Icon name="external" size={15} flip />}
    </button>
  );
}

function RichImage({ url, alt, caption }: { url: string; alt: string; caption: string | null }) {
  return (
    <figure>
      <img src={url} alt={alt} loading="lazy" referrerpolicy="no-referrer" />
      {caption && <figcaption dir="auto">{caption}</figcaption>}
    </figure>
  );
}

function Carousel({ nodes, about }: { nodes: Node[]; about: About }) {
  const { words } = useShared();
  const strip = useRef<HTMLUListElement>(null);
  const move = (steps: number) => {
    const list = strip.current;
    const one = list?.firstElementChild?.getBoundingClientRect().width ?? 0;
    list?.scrollBy({ left: steps * (one + 10) * (words.direction === "rtl" ? -1 : 1), behavior: "smooth" });
  };
  return (
    <div class="carousel">
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard. */}
      <ul ref={strip} role="list" tabIndex={0} aria-label={words.t("choices")}>
        {nodes.map((node, at) => (
          <li key={at} class={node.kind === "box" ? "" : "card"}>
            <RichView node={node.kind === "box" ? { ...node, border: true } : node} about={about} />
          </li>
        ))}
      </ul>
      <div class="carousel-steps">
        <button type="button" class="round small" aria-label={words.t("previous")} onClick={() => move(-1)}>
          <Icon name="chevron" size={16} flip />
        </button>
        <button type="button" class="round small" aria-label={words.t("next")} onClick={() => move(1)}>
          <Icon name="chevron" size={16} />
        </button>
      </div>
    </div>
  );
}
