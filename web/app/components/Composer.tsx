/** Writing: the draft, its length in the channel's own terms, files, private notes, and the reason when writing is not possible. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useId, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { putFile } from "@/api/http";
import { channelsQuery } from "@/api/queries";
import type { Conversation } from "@/api/wire";
import { TemplateSend } from "@/forms/template-send";
import { localeTag, t, tOr } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { countSegments, fileSize, measure } from "@/lib/text";
import { span } from "@/lib/time";
import { conversationCan } from "@/stores/actions";
import { fileTypeOf, isAccepted } from "@/stores/attachments";
import { useDesk, useDraft, useWorkspace } from "@/stores/context";
import { useNow } from "@/stores/hooks";
import { toast } from "@/stores/toasts";
import { Button, IconButton } from "@/ui/Button";
import { Icon } from "@/ui/Icon";
import { AttachmentChip } from "./AttachmentChip";
import { useShortcut } from "./useShortcuts";

/** The longest text of one message, in characters. */
export const MAX_CHARACTERS = 5_000;
const PAUSE_AFTER_MS = 3_000;
const MAX_HEIGHT = 220;
const MOST_OF_A_NAME = 24;
const WINDOW_PACE_MS = 15_000;
/** The end of the reply window is shown from this distance on. */
const WINDOW_NEAR_MS = 3 * 3_600_000;

/** A name as a hint can hold it. */
function short(name: string): string {
  const characters = [...name];
  return characters.length > MOST_OF_A_NAME ? `${characters.slice(0, MOST_OF_A_NAME).join("").trimEnd()}…` : name;
}

function Counter({ conversation: c, text }: { conversation: Conversation; text: string }) {
  const channel = useQuery(channelsQuery).data?.items.find((x) => x.id === c.channel);
  const limits = c.limits ?? channel?.capabilities.text;
  if (text === "" || !limits || limits.max <= 0) return null;
  const used = measure(text, limits.unit);
  const parts = Math.ceil(used / limits.max);
  const over = parts > 1;
  if (limits.segments) {
    const { encoding, segments, left } = countSegments(text);
    return (
      <span data-counter className={`text-xs whitespace-nowrap tabular-nums ${over ? "text-warn" : "text-text-3"}`} title={t("composer.encoding", { encoding, left })}>
        <span className="max-sm:hidden">{encoding} · </span>
        {t("composer.segments", { n: segments })} · {left}
        {over && ` · ${t("composer.parts", { n: parts })}`}
      </span>
    );
  }
  if (used < limits.max * 0.6) return null;
  return (
    <span data-counter className={`text-xs tabular-nums ${over ? "text-warn" : "text-text-3"}`}>
      {t("composer.chars", { used, max: limits.max })}
      {over && ` · ${t("composer.parts", { n: parts })}`}
    </span>
  );
}

export function Composer({ conversation: c, name }: { conversation: Conversation; name: string }) {
  const { session, workspace, attachments } = useDesk();
  const [draft, setDraft] = useDraft(c.id);
  const files = useSyncExternalStore(attachments.subscribe, () => attachments.get(c.id));
  const offline = useWorkspace((s) => s.connection !== "live");
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const quiet = useRef<number | undefined>(undefined);
  const [dropping, setDropping] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const helpId = useId();

  const can = conversationCan.write(c, session);
  const now = useNow(WINDOW_PACE_MS);
  const { windowClosesAt } = c.composer;
  // The window closes by the clock alone: nobody tells.
  const shut = windowClosesAt !== null && windowClosesAt <= now;
  const muted = !c.composer.enabled
    ? (c.composer.reason ?? tOr(`composer.off.${c.composer.code ?? "default"}`, "composer.off.default"))
    : shut
      ? t("composer.off.window_closed")
      : null;
  const templated = c.composer.templates && (shut || c.composer.code === "window_closed");
  // Where the consumer cannot be written to, colleagues still can.
  const note = draft.note || muted !== null;
  // Sources of one channel may differ, so it is the conversation that tells what it takes. Notes never reach the channel.
  const media = note ? undefined : c.media;
  const noFiles = media === null ? t("composer.noFiles") : offline ? t("why.offline") : null;
  const tooLong = [...draft.text].length > MAX_CHARACTERS;
  const uploading = files.some((f) => f.state === "uploading" || f.state === "waiting");
  const readyFiles = files.filter((f) => f.state === "ready");
  const empty = draft.text.trim() === "" && readyFiles.length === 0;

  useLayoutEffect(() => {
    const el = field.current;
    if (!el) return;
    el.style.height = "auto";
    el.style.height = `${Math.min(el.scrollHeight, MAX_HEIGHT)}px`;
  }, [draft.text]);

  // A conversation opened on purpose is opened to answer; on touch screens that would pull up the keyboard.
  useEffect(() => {
    if (window.matchMedia("(hover: hover) and (min-width: 48rem)").matches && !document.querySelector("dialog[open]")) field.current?.focus({ preventScroll: true });
  }, []);
  useShortcut("reply", () => field.current?.focus());
  useShortcut("note", () => setDraft({ ...draft, note: !draft.note }));

  useEffect(() => () => window.clearTimeout(quiet.current), []);

  const write = (text: string) => {
    setDraft({ text, note: draft.note });
    window.clearTimeout(quiet.current);
    if (note || !can.ok) return;
    if (text === "") {
      workspace.composing(c, false);
      return;
    }
    workspace.composing(c, true);
    quiet.current = window.setTimeout(() => workspace.composing(c, false), PAUSE_AFTER_MS);
  };

  const upload = async (file: File, signal: AbortSignal): Promise<string> => {
    const link = await workspace.uploadLink(file.size, fileTypeOf(file));
    await putFile(link.url, file, signal);
    return link.relativePath;
  };

  // What was chosen before a reload goes up now.
  const resume = useEffectEvent(() => attachments.resume(c.id, upload, problemOf));
  const waiting = files.some((f) => f.state === "waiting");
  useEffect(() => {
    if (waiting && !offline && can.ok) resume();
  }, [waiting, offline, can.ok]);

  const attach = (picked: Iterable<File>) => {
    if (noFiles) {
      toast(noFiles, "danger");
      return;
    }
    for (const file of picked) {
      if (media && file.size > media.maxBytes) {
        toast(t("composer.tooBig", { name: file.name, size: fileSize(file.size, localeTag()), max: fileSize(media.maxBytes, localeTag()) }), "danger");
      } else if (media && !isAccepted(file, media.types)) {
        toast(t("composer.wrongType", { name: file.name }), "danger");
      } else {
        attachments.add(c.id, file, upload, problemOf);
      }
    }
    field.current?.focus();
  };

  const send = () => {
    if (empty || tooLong || uploading || !can.ok) return;
    const audience = note ? "AGENTS_AND_MANAGERS" : "ALL";
    window.clearTimeout(quiet.current);
    const text = draft.text.trim();
    // One file and a text belong together; several files follow their text.
    const captioned = readyFiles.length === 1;
    if (text && !captioned) workspace.sendText(c, text, audience);
    for (const { file, relativePath } of readyFiles) {
      workspace.sendFile(c, { relativePath: relativePath ?? "", fileType: fileTypeOf(file), name: file.name, size: file.size, caption: captioned ? text : "" }, audience);
    }
    for (const { id } of readyFiles) attachments.remove(c.id, id);
    setDraft({ text: "", note: draft.note });
    field.current?.focus();
  };

  if (!can.ok) {
    return (
      <footer className="flex shrink-0 items-center justify-center gap-3 border-t border-line bg-sunken px-4 py-4 text-sm text-text-2">
        <Icon name="lock" size={16} />
        <span>{t(can.why)}</span>
        {conversationCan.join(c, session).ok && (
          <Button small look="primary" icon="join" onClick={() => void workspace.join(c).catch((e: unknown) => toast(t("action.failed", { reason: problemOf(e) }), "danger"))}>
            {t("action.join")}
          </Button>
        )}
      </footer>
    );
  }

  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dropping a file has its button beside it.
    <footer
      className="relative shrink-0 px-3 pb-3 md:px-4 max-md:pb-[max(0.75rem,env(safe-area-inset-bottom))]"
      onDragOver={(e) => {
        if (!e.dataTransfer.types.includes("Files")) return;
        e.preventDefault();
        setDropping(true);
      }}
      onDragLeave={() => setDropping(false)}
      onDrop={(e) => {
        e.preventDefault();
        setDropping(false);
        attach(e.dataTransfer.files);
      }}
    >
      {muted !== null && (
        <div role="status" className="mb-2 flex items-start gap-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">
          <Icon name="ban" size={16} className="mt-0.5" />
          <span>
            <span className="font-medium">{muted}</span> {t("composer.notesOnly")}
          </span>
          {templated && (
            <Button small className="ms-auto shrink-0" onClick={() => setChoosing(true)}>
              {t("template.choose")}
            </Button>
          )}
        </div>
      )}
      <div className={`rounded-2xl border transition-colors focus-within:border-accent focus-within:ring-1 focus-within:ring-accent ${note ? "border-warn-line bg-warn-soft" : "border-line-strong/60 bg-raised"} ${dropping ? "border-accent ring-2 ring-accent" : ""}`}>
        {files.length > 0 && (
          <ul className="flex flex-wrap gap-2 px-3 pt-3">
            {files.map((f) => (
              <AttachmentChip key={f.id} attachment={f} onRemove={() => attachments.remove(c.id, f.id)} onRetry={() => attachments.retry(c.id, f.id, upload, problemOf)} />
            ))}
          </ul>
        )}
        <textarea
          ref={field}
          dir="auto"
          rows={1}
          aria-label={t("composer.label", { name })}
          aria-describedby={helpId}
          aria-invalid={tooLong || undefined}
          placeholder={note ? t("composer.notePlaceholder") : t("composer.placeholder", { name: short(name) })}
          value={draft.text}
          onChange={(e) => write(e.target.value)}
          onPaste={(e) => {
            const pasted = [...e.clipboardData.files];
            if (pasted.length === 0) return;
            e.preventDefault();
            attach(pasted);
          }}
          onKeyDown={(e) => {
            if (e.key !== "Enter" || e.shiftKey || e.altKey || e.nativeEvent.isComposing) return;
            e.preventDefault();
            send();
          }}
          className="block w-full resize-none bg-transparent px-3.5 pt-3 pb-1 leading-normal outline-none placeholder:text-text-3"
        />
        <div className="flex items-center gap-1 px-1.5 pb-1.5">
          <input ref={picker} type="file" multiple hidden accept={media?.types.join(",")} aria-hidden="true" tabIndex={-1} onChange={(e) => { attach(e.target.files ?? []); e.target.value = ""; }} />
          <IconButton icon="clip" label={t("composer.attach")} reason={noFiles} onClick={() => picker.current?.click()} />
          <button
            type="button"
            aria-pressed={note}
            aria-disabled={muted !== null || undefined}
            title={t("composer.noteHint")}
            onClick={() => muted === null && setDraft({ ...draft, note: !draft.note })}
            className="flex h-8 items-center gap-1.5 rounded-lg px-2.5 text-xs font-medium text-text-2 transition-colors hover:bg-hover aria-pressed:text-warn"
          >
            <Icon name="lock" size={15} />
            {t("composer.note")}
          </button>
          <span id={helpId} className="flex min-w-0 flex-1 justify-end px-1 text-end" aria-live="off">
            {tooLong ? <span className="text-xs font-medium text-danger">{t("composer.tooLong", { max: MAX_CHARACTERS })}</span> : offline && draft.text ? <span className="truncate text-xs text-warn">{t("composer.offline")}</span> : note ? null : windowClosesAt !== null && windowClosesAt - now < WINDOW_NEAR_MS && draft.text === "" ? <span className="truncate text-xs text-text-3">{t("composer.windowCloses", { time: span(windowClosesAt - now) })}</span> : <Counter conversation={c} text={draft.text} />}
          </span>
          <Button look="primary" small className="h-8 px-3" icon={note ? "lock" : "send"} disabled={empty || tooLong || uploading} onClick={send}>
            {t(note ? "composer.sendNote" : "composer.send")}
          </Button>
        </div>
      </div>
      {choosing && <TemplateSend conversation={c} onClose={() => setChoosing(false)} />}
      {dropping && <p className="pointer-events-none absolute inset-0 flex items-center justify-center rounded-2xl bg-accent-soft font-semibold text-accent-text">{t("composer.drop")}</p>}
    </footer>
  );
}
