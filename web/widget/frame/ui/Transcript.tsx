/** The list of messages. It stays at the newest unless the visitor has scrolled up, and tells what was seen. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ownText } from "../../shared/config";
import { readReplies } from "../../../rich/model";
import { tap } from "../rich/RichView";
import { conversationsOf } from "../state/model";
import { lastOfMine, repliesOf, rowsOf } from "../state/timeline";
import type { Snapshot } from "../visit";
import { useShared } from "./context";
import { clock, dayName } from "./format";
import { Icon } from "./icons";
import { MessageRow, PendingRow } from "./Messages";

/** So near to the end counts as at the end, in pixels. */
const NEAR = 48;

export function Transcript({ snapshot, visible }: { snapshot: Snapshot; visible: boolean }) {
  const shared = useShared();
  const { visit, words, config } = shared;
  const { known, entries, shown } = snapshot;
  const scroller = useRef<HTMLDivElement>(null);
  const stick = useRef(true);
  const top = useRef(0);
  const before = useRef({ height: 0, first: "" });
  const [below, setBelow] = useState(false);

  const rows = rowsOf(known, shown, entries);
  const lastMine = lastOfMine(rows);
  const open = new Set(conversationsOf(known).flatMap((one) => one.dialogs.filter((dialog) => dialog.open).map((dialog) => dialog.id)));
  const current = visit.current();
  const asked = current && repliesOf(known, current.id, entries);
  const replies = readReplies(asked?.quickReplies ?? null);
  const typing = current ? known.typing[current.id] : undefined;
  const first = rows[0]?.key ?? "";
  const last = rows.at(-1)?.key ?? "";

  const look = () => {
    const list = scroller.current;
    if (!list || !visible || document.visibilityState !== "visible") return;
    const end = list.getBoundingClientRect().bottom;
    const seen = new Map<string, number[]>();
    for (const row of list.querySelectorAll<HTMLElement>(".theirs[data-dialog]")) {
      const { dialog, sequence } = row.dataset;
      if (dialog && row.getBoundingClientRect().top < end) seen.set(dialog, [...(seen.get(dialog) ?? []), Number(sequence)]);
    }
    for (const [dialog, sequences] of seen) visit.saw(dialog, sequences);
  };
  const scrolled = () => {
    const list = scroller.current;
    if (!list) return;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
    // Only who scrolls up leaves the end; a picture that arrives moves it away from under nobody.
    if (atEnd) stick.current = true;
    else if (list.scrollTop < top.current) stick.current = false;
    top.current = list.scrollTop;
    if (stick.current) setBelow(false);
    look();
  };
  const toEnd = () => {
    if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  };

  useLayoutEffect(() => {
    const list = scroller.current;
    if (!list) return;
    const prepended = before.current.first !== "" && before.current.first !== first;
    if (stick.current) toEnd();
    // What comes above pushes nothing away from under the reader's eyes.
    else if (prepended) list.scrollTop += list.scrollHeight - before.current.height;
    before.current = { height: list.scrollHeight, first };
  }, [first, last, typing !== undefined, replies.length, visible]);
  useEffect(() => {
    const row = rows.at(-1);
    if (!stick.current && row?.kind === "message" && !row.message.mine) setBelow(true);
    if (row?.kind === "pending") {
      stick.current = true;
      toEnd();
    }
    look();
  }, [last, visible]);
  useEffect(() => {
    const list = scroller.current;
    const again = () => {
      if (stick.current) toEnd();
      look();
    };
    // Pictures that come later, and keyboards that come up, change the height.
    const observer = typeof ResizeObserver === "undefined" || !list ? null : new ResizeObserver(again);
    if (list?.firstElementChild) observer?.observe(list.firstElementChild);
    if (list) observer?.observe(list);
    document.addEventListener("visibilitychange", look);
    return () => {
      observer?.disconnect();
      document.removeEventListener("visibilitychange", look);
    };
  }, [visible]);

  return (
    <div class="transcript">
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard. */}
      <div class="scroller" ref={scroller} onScroll={scrolled} tabIndex={0} role="region" aria-label={words.t("thisConversation")}>
        <div class="list">
          {snapshot.hasEarlier && (
            <button type="button" class="pill earlier" onClick={() => void visit.showEarlier().catch(() => undefined)}>
              {words.t("earlier")}
            </button>
          )}
          {rows.length === 0 && <Welcome greeting={ownText(config, words.language, "welcome") ?? words.t("welcome")} />}
          <ol role="list">
            {rows.map((row) => {
              switch (row.kind) {
                case "day":
                  return (
                    <li key={row.key} class="line">
                      <time dateTime={new Date(row.at).toISOString().slice(0, 10)}>{dayName(words, row.at, visit.world.now())}</time>
                    </li>
                  );
                case "ended":
                  return (
                    <li key={row.key} class="line ended">
                      {words.t("ended")}
                      {row.at !== null && ` · ${clock(words, row.at)}`}
                    </li>
                  );
                case "message": {
                  const { message } = row;
                  const theirs = known.logs[message.dialog]?.theirs[message.sequence];
                  const fate = row.key !== lastMine ? null : theirs === "READ" ? "read" : theirs === "ACCEPT" ? "delivered" : "sent";
                  return <MessageRow key={row.key} message={message} by={message.mine ? null : (snapshot.names[message.by] ?? null)} first={row.first} last={row.last || row.key === lastMine} open={open.has(message.dialog)} fate={fate} />;
                }
                case "pending":
                  return <PendingRow key={row.key} entry={row.entry} first={row.first} last={row.last} />;
              }
            })}
          </ol>
          {typing && (
            <p class="typing" role="status">
              <span class="dots" aria-hidden="true">
                <i />
                <i />
                <i />
              </span>
              <span class="hide">{words.t("typing")}</span>
            </p>
          )}
          {asked && replies.length > 0 && (
            <div class="replies" role="group" aria-label={words.t("choices")}>
              {replies.map((reply, at) => (
                <button key={at} type="button" class="reply" aria-label={reply.label ?? undefined} onClick={() => tap(shared, { dialog: asked.dialog, sequence: asked.sequence, open: true }, reply)}>
                  <bdi>{reply.title}</bdi>
                </button>
              ))}
            </div>
          )}
        </div>
      </div>
      {below && (
        <button type="button" class="pill below" onClick={toEnd}>
          {words.t("newMessages")}
          <Icon name="down" size={16} />
        </button>
      )}
    </div>
  );
}

function Welcome({ greeting }: { greeting: string }) {
  const { words } = useShared();
  return (
    <div class="welcome">
      <p class="greeting" dir="auto">{greeting}</p>
      <p class="hint">{words.t("welcomeHint")}</p>
    </div>
  );
}
