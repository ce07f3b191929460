/** A file of the file store: an image is shown, anything else is offered. Links are short-lived and made when needed. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { HostedFile, Picture } from "@/api/wire";
import { localeTag, t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { fileSize } from "@/lib/text";
import { useDesk, useWorkspace } from "@/stores/context";
import { toast } from "@/stores/toasts";
import { Icon } from "@/ui/Icon";
import { Spinner } from "@/ui/Spinner";

const IMAGES = new Set(["JPEG", "JPG", "PNG", "GIF", "WEBP"]);

interface Props {
  file: HostedFile;
  conversationId: string;
  from: string;
}

export function HostedFileView({ file, from }: Props) {
  const name = file.name || file.caption || t("file.unnamed");
  const caption = file.caption && (
    <p dir="auto" className="message-text mt-1.5 px-1">
      {file.caption}
    </p>
  );
  if (file.state === "pending") {
    return (
      <>
        <p role="status" className="flex items-center gap-2 px-2 py-1.5 text-sm text-text-2">
          <Spinner size={15} />
          {t("file.pending")}
        </p>
        {caption}
      </>
    );
  }
  if (file.state === "failed") {
    return (
      <>
        <p className="flex items-start gap-2 px-2 py-1.5 text-sm text-danger">
          <Icon name="alert" size={15} className="mt-0.5" />
          <span>
            {t("file.failed")} {file.reason}
          </span>
        </p>
        {caption}
      </>
    );
  }
  return (
    <>
      {IMAGES.has(file.fileType) ? <ImageFile file={file} name={name} from={from} /> : <PlainFile file={file} name={name} />}
      {caption}
    </>
  );
}

function useOpen(relativePath: string) {
  const { workspace } = useDesk();
  return useMutation({
    mutationFn: () => workspace.downloadLink(relativePath),
    onSuccess: (url) => {
      const link = document.createElement("a");
      link.href = url;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.click();
    },
    onError: (e) => toast(`${t("file.linkError")} ${problemOf(e)}`, "danger"),
  });
}

function ImageFile({ file, name, from }: { file: HostedFile; name: string; from: string }) {
  const { workspace } = useDesk();
  const live = useWorkspace((s) => s.connection === "live");
  const open = useOpen(file.relativePath);
  const [again, setAgain] = useState(0);
  const [loaded, setLoaded] = useState(false);
  const { picture } = file;
  // The small copy is enough here; pressing opens the whole.
  const shown = picture?.thumbnail ?? file.relativePath;
  const size = picture && shownSize(picture);
  // The browser keeps the picture under its link, so one link serves as long as the page lives.
  const link = useQuery({
    queryKey: ["file", shown, again],
    queryFn: () => workspace.downloadLink(shown),
    enabled: live,
    staleTime: Infinity,
    gcTime: 600_000,
  });
  if (again > 1) return <PlainFile file={file} name={name} />;
  return (
    <button type="button" onClick={() => open.mutate()} aria-label={t("file.open", { name })} className="block max-w-full overflow-hidden rounded-xl">
      {link.data || picture?.preview ? (
        <img
          src={link.data ?? picture?.preview ?? undefined}
          width={size?.width}
          height={size?.height}
          alt={file.caption ? t("file.imageCaption", { caption: file.caption }) : t("file.image", { name: from })}
          onLoad={() => setLoaded(true)}
          onError={() => link.data && setAgain((n) => n + 1)}
          className={`block h-auto max-h-72 max-w-full rounded-xl object-contain ${loaded || size ? "" : "min-h-40 min-w-56 bg-sunken"}`}
        />
      ) : (
        <span className="flex h-40 w-56 items-center justify-center rounded-xl bg-sunken text-text-3">
          {link.isError ? <Icon name="image" size={28} /> : <Spinner />}
        </span>
      )}
    </button>
  );
}

/** How large a picture is drawn, so that its place is kept before it is there. Pixels. */
const MOST = { width: 512, height: 288 };

function shownSize({ width, height }: Picture): { width: number; height: number } {
  const scale = Math.min(1, MOST.width / width, MOST.height / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function PlainFile({ file, name }: { file: HostedFile; name: string }) {
  const open = useOpen(file.relativePath);
  return (
    <button type="button" onClick={() => open.mutate()} title={t("file.open", { name })} className="flex max-w-full items-center gap-3 rounded-xl border border-line bg-surface px-3 py-2.5 text-start hover:bg-hover">
      <span className="flex size-9 shrink-0 items-center justify-center rounded-lg bg-accent-soft text-accent-text">{open.isPending ? <Spinner size={16} /> : <Icon name="file" size={18} />}</span>
      <span className="min-w-0">
        <bdi className="block truncate text-sm font-medium">{name}</bdi>
        <span className="block text-xs text-text-3">
          {[file.fileType, file.size === null ? "" : fileSize(file.size, localeTag())].filter(Boolean).join(" · ")}
        </span>
      </span>
      <Icon name="download" size={16} className="ms-2 text-text-3" />
    </button>
  );
}
