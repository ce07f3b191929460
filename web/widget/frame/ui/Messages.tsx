/** Single rows of the list: somebody's message, the visitor's own with its fate, and what still waits. */
import { isOnlyEmoji } from "../../../app/lib/text";
import { readRich, type Node } from "../../../rich/model";
import { RichView } from "../rich/RichView";
import type { Message } from "../state/model";
import type { Entry } from "../state/outbox";
import { isPicture } from "../uploads";
import { memo, useShared } from "./context";
import { FileView } from "./FileView";
import { clock, fullTime } from "./format";
import { Icon } from "./icons";
import { Text } from "./Text";

export interface MessageProps {
  message: Message;
  /** Whose it is, when it is an agent's and their name is known. */
  by: string | null;
  first: boolean;
  last: boolean;
  /** Whether its dialog still takes answers. */
  open: boolean;
  /** What became of it, under the visitor's last one only. */
  fate: "sent" | "delivered" | "read" | null;
}

export const MessageRow = memo<MessageProps>((props) => <MessageBody {...props} />);

function MessageBody({ message, by, first, last, open, fate }: MessageProps) {
  const { words } = useShared();
  const { content, mine, dialog, sequence } = message;
  const rich = content.type === "rich" ? readRich(content.body, words.t("showMap")) : null;
  return (
    <li class={`row ${mine ? "mine" : "theirs"}${first ? " first" : ""}${last ? " last" : ""}`} data-dialog={dialog} data-sequence={sequence}>
      <span class="hide">{`${mine ? words.t("you") : (by ?? words.t("agent"))}, ${clock(words, message.at)}:`}</span>
      {first && by !== null && (
        <bdi class="by" aria-hidden="true">
          {by}
        </bdi>
      )}
      {content.type === "text" && <Bubble text={content.text} />}
      {content.type === "file" && (
        <div class={`bubble media${content.caption ? "" : " bare"}`}>
          <FileView file={content} />
          {content.caption && (isPicture(content.fileType) || content.name !== null) && (
            <p dir="auto">
              <Text>{content.caption}</Text>
            </p>
          )}
        </div>
      )}
      {rich && <Rich node={rich} about={{ dialog, sequence, open }} />}
      {last && (
        <p class="meta">
          <time dateTime={new Date(message.at).toISOString()} title={fullTime(words, message.at)} aria-hidden="true">
            {clock(words, message.at)}
          </time>
          {fate && <Fate fate={fate} />}
        </p>
      )}
    </li>
  );
}

const Rich = ({ node, about }: { node: Node; about: Parameters<typeof RichView>[0]["about"] }) =>
  node.kind === "text" ? (
    <div class="bubble">
      <RichView node={node} about={about} />
    </div>
  ) : (
    <div class="rich">
      <RichView node={node} about={about} />
    </div>
  );

function Bubble({ text }: { text: string }) {
  return (
    <p class={isOnlyEmoji(text) ? "emoji" : "bubble"} dir="auto">
      <Text>{text}</Text>
    </p>
  );
}

function Fate({ fate }: { fate: "sent" | "delivered" | "read" }) {
  const { words } = useShared();
  return (
    <span class={`fate ${fate}`}>
      <Icon name={fate === "sent" ? "check" : "checks"} size={14} />
      {words.t(fate)}
    </span>
  );
}

export const PendingRow = memo<{ entry: Entry; first: boolean; last: boolean }>((props) => <PendingBody {...props} />);

function PendingBody({ entry, first, last }: { entry: Entry; first: boolean; last: boolean }) {
  const { words, visit } = useShared();
  const { file, state } = entry;
  const failed = state === "failed";
  return (
    <li class={`row mine pending${failed ? " failed" : ""}${first ? " first" : ""}${last ? " last" : ""}`}>
      <span class="hide">{`${words.t("you")}:`}</span>
      {file ? (
        <div class={`bubble media${entry.text ? "" : " bare"}`}>
          {file.preview ? <img class="picture blurred" src={file.preview} alt={file.name} /> : <span class="file"><Icon name="file" /><bdi class="file-name">{file.name}</bdi></span>}
          {entry.progress !== null && entry.progress < 1 && <progress value={entry.progress} max={1} aria-label={words.t("sending")} />}
          {entry.text && <p dir="auto">{entry.text}</p>}
        </div>
      ) : (
        <Bubble text={entry.text} />
      )}
      {failed ? (
        <p class="meta">
          <span class="fate failed">
            <Icon name="warning" size={14} />
            {words.t("failed")}
            {entry.reason && <span class="reason"> · {entry.reason}</span>}
          </span>
          <button type="button" class="link" onClick={() => visit.again(entry.id)}>{words.t("again")}</button>
          <button type="button" class="link" onClick={() => visit.discard(entry.id)}>{words.t("discard")}</button>
        </p>
      ) : (
        last && (
          <p class="meta">
            <span class="fate">
              <Icon name={state === "sent" ? "check" : "clock"} size={14} />
              {words.t(state === "sent" ? "sent" : state === "sending" ? "sending" : "waiting")}
            </span>
          </p>
        )
      )}
    </li>
  );
}
