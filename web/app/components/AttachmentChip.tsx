/** A picked file above the message field: its picture or sign, how far it is, and a way to take it out. */
import { useEffect, useRef } from "react";
import { localeTag, t } from "@/i18n";
import { fileSize } from "@/lib/text";
import type { Attachment } from "@/stores/attachments";
import { Button, IconButton } from "@/ui/Button";
import { Icon } from "@/ui/Icon";
import { Spinner } from "@/ui/Spinner";

/** Drawn on a canvas: a picture by a local address would need a wider content security policy. */
function Thumbnail({ file }: { file: File }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let stopped = false;
    createImageBitmap(file, { resizeHeight: 88 })
      .then((bitmap) => {
        const el = canvas.current;
        if (stopped || !el) return;
        const side = Math.min(bitmap.width, bitmap.height);
        el.width = 88;
        el.height = 88;
        el.getContext("2d")?.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, 88, 88);
        bitmap.close();
      })
      .catch(() => undefined);
    return () => {
      stopped = true;
    };
  }, [file]);
  return <canvas ref={canvas} aria-hidden="true" className="size-9 rounded-lg bg-sunken" />;
}

export function AttachmentChip({ attachment: a, onRemove, onRetry }: { attachment: Attachment; onRemove: () => void; onRetry: () => void }) {
  const { name } = a.file;
  return (
    <li className={`flex max-w-full items-center gap-2 rounded-xl border bg-surface py-1 ps-1 pe-1 ${a.state === "failed" ? "border-danger" : "border-line"}`}>
      {a.file.type.startsWith("image/") ? (
        <Thumbnail file={a.file} />
      ) : (
        <span className="flex size-9 items-center justify-center rounded-lg bg-accent-soft text-accent-text">
          <Icon name="file" size={17} />
        </span>
      )}
      <span className="min-w-0 pe-1">
        <bdi className="block max-w-44 truncate text-xs font-medium">{name}</bdi>
        <span className={`block text-2xs ${a.state === "failed" ? "text-danger" : "text-text-3"}`} role="status">
          {a.state === "failed" ? t("composer.uploadFailed", { name, reason: a.reason ?? "" }) : a.state === "ready" ? null : <span className="sr-only">{t(a.state === "uploading" ? "composer.uploading" : "composer.waiting", { name })}</span>}
          {a.state !== "failed" && fileSize(a.file.size, localeTag())}
        </span>
      </span>
      {(a.state === "uploading" || a.state === "waiting") && <Spinner size={14} />}
      {a.state === "failed" && (
        <Button small look="quiet" onClick={onRetry}>
          {t("msg.retry")}
        </Button>
      )}
      <IconButton icon="x" size={13} className="size-6" label={t("composer.removeFile", { name })} onClick={onRemove} />
    </li>
  );
}
