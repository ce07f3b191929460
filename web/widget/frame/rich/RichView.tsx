/** Draws structured content, and carries out what its buttons say, in their order. */
import { useRef } from "preact/hooks";
import { useShared, type Shared } from "../ui/context";
import { Icon } from "../ui/icons";
import { Text } from "../ui/Text";
import type { Button, Node } from "./model";

export interface About {
  dialog: string;
  sequence: number;
  /** Whether the dialog still takes answers. */
  open: boolean;
}

/** What a tap does: opens what it names, and tells the dialog. */
export function tap(shared: Shared, about: About, button: Button): void {
  let text: string | null = null;
  for (const action of button.actions) {
    if (action.type === "publishText") text = text === null ? action.text : `${text}\n${action.text}`;
    else if (action.type === "link") openLink(action.href);
    else shared.act(action.type, action.data);
  }
  if (about.open || text !== null) shared.visit.answer({ dialog: about.dialog, sequence: about.sequence }, button.metadata, text);
}

function openLink(href: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.click();
}

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
  }
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
