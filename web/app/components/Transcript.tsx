/** A transcript, drawn only where seen: it stays at the newest message unless the reader has scrolled up. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { ConversationChange } from "@/api/types";
import type { Conversation, Note } from "@/api/wire";
import { t, tOr, type MessageKey } from "@/i18n";
import { consumerName } from "@/lib/consumer";
import { clock, dateAndTime, dayName } from "@/lib/time";
import { useDesk, useWorkspace } from "@/stores/context";
import { useNames, useNow, type Names } from "@/stores/hooks";
import { hasEarlier, rowsOf, type Row } from "@/stores/transcript";
import { Button } from "@/ui/Button";
import { EmptyState, ErrorNote, RowsSkeleton } from "@/ui/Feedback";
import { Icon } from "@/ui/Icon";
import { Spinner } from "@/ui/Spinner";
import { MessageView, PendingView } from "./MessageView";
import { SurveyView } from "./SurveyView";

const NEAR_END = 80;
/** From this distance to the top on, earlier messages are fetched. */
const NEAR_TOP = 200;
/** What the offer of earlier messages takes at the top, in pixels. */
const EARLIER_HEIGHT = 44;
/** About what a day break takes, in pixels. */
const DAY_HEIGHT = 42;

/** Roles and words a change may name in the place of a person. */
const NOBODY: Record<string, MessageKey> = { system: "sys.system", SYSTEM: "sys.system", consumer: "sys.consumer", CONSUMER: "sys.consumer" };

function systemText(change: ConversationChange, names: Names, consumerId: string): string {
  const { kind, by } = change;
  const detail: Record<string, unknown> = change.detail;
  const who = (id: string | null) => {
    if (id === null) return t("sys.system");
    const word = NOBODY[id];
    return word ? t(word) : id === consumerId ? t("sys.consumer") : names.agent(id);
  };
  const text = (...keys: string[]): string | null => {
    for (const k of keys) if (typeof detail[k] === "string" || typeof detail[k] === "number") return String(detail[k]);
    return null;
  };
  const agent = who(text("user_id", "agent_id", "agent") ?? by);
  const skillId = text("to", "skill_id");
  if (kind === "skill_changed" && skillId === null) return t("sys.skill_removed");
  const skill = skillId === null ? "" : names.skill(skillId);
  if (kind === "ring_ended") return tOr(`sys.ring_${(text("state") ?? "").toLowerCase()}`, "sys.other", { agent, kind: "ring ended" });
  if (kind === "rated") return t("sys.rated", { stars: text("stars") ?? "–" });
  if (kind === "closed") return t("sys.closedBy", { agent: who(by ?? text("closed_by")) });
  return tOr(`sys.${kind}`, "sys.other", { agent, skill, kind: kind.replaceAll("_", " ") });
}

function noteText(note: Note): string {
  switch (note.type) {
    case "reaction":
      return t("note.reaction", { emoji: note.emoji });
    case "reaction_removed":
      return t("note.reaction_removed");
    case "referral":
      return note.from ? t("note.referral", { from: note.from }) : t("note.referral_unnamed");
    case "opt_in":
      return note.to ? t("note.opt_in", { to: note.to }) : t("note.opt_in_unnamed");
    case "deleted":
      return t("note.deleted");
  }
}

function Line({ children, label }: { children: React.ReactNode; label?: string }) {
  return (
    <div className="flex items-center justify-center gap-2 px-6 py-1.5 text-center text-xs text-text-3" aria-label={label}>
      {children}
    </div>
  );
}

function DayBreak({ at, now }: { at: number; now: number }) {
  return (
    <div className="flex items-center gap-3 px-5 pt-4 pb-2">
      <span className="h-px flex-1 bg-line" />
      <p className="text-xs font-semibold text-text-2">{dayName(at, now)}</p>
      <span className="h-px flex-1 bg-line" />
    </div>
  );
}

function TypingLine({ dialogId, name, names }: { dialogId: string; name: string; names: Names }) {
  const typing = useWorkspace((s) => s.inbox.typing[dialogId]);
  const now = useNow(1_000);
  const on = typing !== undefined && typing.until > now;
  const who = typing?.role === "CONSUMER" ? name : typing ? names.agent(typing.originatorId) : "";
  return (
    <div role="status" className="h-6 shrink-0 px-5 text-xs text-text-2">
      {on && (
        <span className="arrive inline-flex items-center gap-2">
          <span aria-hidden="true" className="dots inline-flex gap-1">
            {[0, 1, 2].map((i) => (
              <span key={i} className="size-1.5 rounded-full bg-text-3" />
            ))}
          </span>
          <bdi>{t("conv.typing", { name: who })}</bdi>
        </span>
      )}
    </div>
  );
}

interface Props {
  conversation: Conversation;
  changes: readonly ConversationChange[];
  /** The one in the middle: it marks as read and shows who types. */
  live?: boolean;
}

export function Transcript({ conversation: c, changes, live = false }: Props) {
  const { workspace, me } = useDesk();
  const names = useNames();
  const now = useNow(60_000);
  const dialogId = c.mainDialogId;
  const log = useWorkspace((s) => s.inbox.dialogs[dialogId]);
  const allPending = useWorkspace((s) => s.pending);
  const loading = useWorkspace((s) => s.loading.has(dialogId));
  const error = useWorkspace((s) => s.loadErrors[dialogId]);
  const connection = useWorkspace((s) => s.connection);
  const scroller = useRef<HTMLDivElement>(null);
  const stick = useRef(true);
  const top = useRef(0);
  const name = consumerName(c.consumer);
  const messages = log?.messages;
  const earlier = hasEarlier(messages ?? []);
  const unread = c.unread[me.oldId] ?? 0;

  // The mark "new" stays where it was when the conversation was opened.
  const [firstUnread, setFirstUnread] = useState<number | null | undefined>(live ? undefined : null);
  if (firstUnread === undefined && messages && messages.length > 0 && !loading) {
    const theirs = messages.filter((m) => m.role === "CONSUMER" && m.event.type !== "accept");
    setFirstUnread(unread > 0 ? (theirs[Math.max(0, theirs.length - unread)]?.sequence ?? null) : null);
  }

  const pending = useMemo(() => allPending.filter((p) => p.dialogId === dialogId), [allPending, dialogId]);
  const rows = useMemo(
    () => rowsOf({ messages: messages ?? [], changes, pending: live ? pending : [], firstUnread: firstUnread ?? null }),
    [messages, changes, pending, live, firstUnread],
  );

  // eslint-disable-next-line react-hooks/incompatible-library -- the transcript is drawn again on purpose whenever it scrolls.
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => (rows[i]?.kind === "message" ? 64 : 36) + (rows[i]?.day === null ? 0 : DAY_HEIGHT),
    getItemKey: (i) => rows[i]?.key ?? i,
    overscan: 12,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: NEAR_END,
    paddingStart: earlier ? EARLIER_HEIGHT : 12,
    paddingEnd: 4,
  });

  // The first page is in: begin at its end. My own message brings the end into view again.
  const ready = rows.length > 0 && !(loading && (messages?.length ?? 0) === 0);
  const toEnd = useEffectEvent(() => {
    stick.current = true;
    virtual.scrollToEnd();
  });
  useEffect(() => {
    if (ready) toEnd();
  }, [ready]);
  const lastPending = pending.at(-1)?.clientId;
  useEffect(() => {
    if (lastPending) toEnd();
  }, [lastPending]);

  // A picture that arrives makes its row grow: who was at the end stays there.
  const total = virtual.getTotalSize();
  useLayoutEffect(() => {
    const el = scroller.current;
    if (el && stick.current) el.scrollTop = el.scrollHeight;
  }, [total]);

  const [atEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState(-1);
  const lastSequence = messages?.at(-1)?.sequence ?? -1;
  if (atEnd && seen !== lastSequence) setSeen(lastSequence);
  const below = atEnd ? 0 : (messages ?? []).filter((m) => m.sequence > seen && m.role === "CONSUMER" && m.event.type !== "accept").length;

  const older = () => void workspace.loadOlder(c.id, dialogId).catch(() => undefined);
  const onScroll = () => {
    const el = scroller.current;
    if (!el) return;
    // Only moving up lets go of the end: growing rows change the distance too, but not by the reader's will.
    const near = el.scrollHeight - el.scrollTop - el.clientHeight <= NEAR_END;
    if (near) stick.current = true;
    else if (el.scrollTop < top.current - 1) stick.current = false;
    top.current = el.scrollTop;
    setAtEnd(stick.current);
    if (!stick.current && el.scrollTop < NEAR_TOP && earlier && !loading) older();
  };
  // A page that is shorter than the window, and a reader who stays at the top: no scrolling asks for the next one.
  const atTop = useEffectEvent(() => {
    const el = scroller.current;
    if (el && !stick.current && el.scrollTop < NEAR_TOP && earlier && !loading) older();
  });
  const firstSequence = messages?.[0]?.sequence;
  useEffect(() => {
    const frame = requestAnimationFrame(() => atTop());
    return () => cancelAnimationFrame(frame);
  }, [firstSequence, loading]);

  useEffect(() => {
    if (!live) return;
    const read = () => {
      if (document.visibilityState === "visible" && document.hasFocus()) workspace.markRead(c.id);
    };
    read();
    window.addEventListener("focus", read);
    return () => window.removeEventListener("focus", read);
  }, [live, c.id, lastSequence, unread, connection, workspace]);

  // What is new is read aloud once, whatever is drawn.
  const newest = messages?.at(-1);
  const aloud = live && newest?.role === "CONSUMER" && newest.event.type === "text" ? `${name}: ${newest.event.text.slice(0, 200)}` : "";

  const draw = (row: Row) => {
    switch (row.kind) {
      case "new":
        return (
          <div className="flex items-center gap-3 px-5 pt-3 pb-1">
            <span className="h-px flex-1 bg-accent/40" />
            <span className="text-2xs font-bold tracking-wide text-accent-text uppercase">{t("conv.unreadMark")}</span>
            <span className="h-px flex-1 bg-accent/40" />
          </div>
        );
      case "system":
        return (
          <Line>
            {/* What a program sent along is for whoever asks: shown as it is. */}
            <span dir="auto" title={row.change.metadata ? JSON.stringify(row.change.metadata) : undefined}>
              {systemText(row.change, names, c.consumer.id)}
            </span>
            <time className="tabular-nums" dateTime={new Date(row.change.at).toISOString()}>
              {clock(row.change.at)}
            </time>
          </Line>
        );
      case "reason":
        return (
          <div className="flex justify-center px-6 py-1.5">
            <p className="max-w-xl rounded-xl border border-warn-line bg-warn-soft px-3 py-2 text-sm break-words">
              <span className="font-semibold text-warn">{t("sys.reason", { agent: row.by === null ? t("sys.system") : names.agent(row.by) })}</span>{" "}
              <span dir="auto">{row.reason}</span>
            </p>
          </div>
        );
      case "survey":
        return <SurveyView conversation={c} dialogId={row.dialogId} consumerName={name} names={names} />;
      case "note":
        return (
          <Line>
            <span dir="auto">{noteText(row.note)}</span>
            <time className="tabular-nums" dateTime={new Date(row.at).toISOString()}>
              {clock(row.at)}
            </time>
          </Line>
        );
      case "message":
        return <MessageView conversation={c} row={row} consumerName={name} names={names} />;
      case "pending":
        return <PendingView pending={row.pending} />;
    }
  };

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div className="sr-only" aria-live="polite">
        {aloud}
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard. */}
      <div ref={scroller} onScroll={onScroll} role="region" aria-label={live ? t("conv.transcript", { name }) : t("consumer.readEarlier", { date: dateAndTime(c.startedAt) })} tabIndex={0} className="flex min-h-0 flex-1 flex-col overflow-y-auto -outline-offset-2 [overflow-anchor:none]">
        {error && (messages?.length ?? 0) === 0 ? (
          <div className="p-4">
            <ErrorNote remedy={error === "unreachable" ? t("error.unreachable") : error} action={<Button small onClick={() => void workspace.openConversation(c.id)}>{t("conv.retry")}</Button>}>
              {t("conv.loadError")}
            </ErrorNote>
          </div>
        ) : loading && (messages?.length ?? 0) === 0 ? (
          <RowsSkeleton rows={4} label={t("app.loading")} />
        ) : rows.length === 0 ? (
          <EmptyState icon="chat" title={t("conv.empty")} />
        ) : (
          <div className="mt-auto shrink-0">
            <div className="relative" style={{ height: virtual.getTotalSize() }}>
              {earlier && (
                <div className="absolute inset-x-0 top-0 flex items-center justify-center" style={{ height: EARLIER_HEIGHT }}>
                  <Button small look="quiet" busy={loading} onClick={older}>
                    {t(loading ? "conv.loadingOlder" : "conv.older")}
                  </Button>
                </div>
              )}
              {virtual.getVirtualItems().map((item) => {
                const row = rows[item.index];
                return (
                  row && (
                    <div key={item.key} ref={virtual.measureElement} data-index={item.index} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${item.start}px)` }}>
                      {row.day !== null && <DayBreak at={row.day} now={now} />}
                      {draw(row)}
                    </div>
                  )
                );
              })}
            </div>
          </div>
        )}
      </div>
      {loading && (messages?.length ?? 0) > 0 && (
        <span className="absolute start-1/2 top-2 -translate-x-1/2 rounded-full bg-raised p-1.5 text-text-2 shadow-lg">
          <Spinner size={14} />
        </span>
      )}
      {!atEnd && (
        <button
          type="button"
          onClick={() => virtual.scrollToEnd({ behavior: "smooth" })}
          className={`absolute end-5 bottom-8 flex h-8 items-center gap-1.5 rounded-full border border-line px-3 text-xs font-semibold shadow-lg ${below > 0 ? "bg-accent text-on-accent" : "bg-raised text-text-2"}`}
        >
          <Icon name="down" size={14} />
          {below > 0 ? t("conv.newBelow", { n: below }) : t("conv.toNewest")}
        </button>
      )}
      {live && <TypingLine dialogId={dialogId} name={name} names={names} />}
    </div>
  );
}
