/** A file of the conversation. Pictures are shown; everything else is named, and fetched when tapped. */
import { useState } from "preact/hooks";
import { fileSize } from "../../../app/lib/text";
import type { HostedFile } from "../state/model";
import { isPicture } from "../uploads";
import { useShared } from "./context";
import { Icon } from "./icons";
import { HostedPicture } from "./Picture";

export function FileView({ file }: { file: HostedFile }) {
  const { words, downloads } = useShared();
  const [gone, setGone] = useState(false);
  const name = file.name ?? (file.caption || file.fileType);
  if (isPicture(file.fileType)) return <HostedPicture path={file.path} preview={file.preview} name={file.caption || file.name || words.t("picture")} />;
  const fetch = () => {
    downloads.url(file.path).then(
      (url) => {
        setGone(false);
        const link = document.createElement("a");
        link.href = url;
        link.download = file.name ?? `file.${file.fileType.toLowerCase()}`;
        link.click();
      },
      () => setGone(true),
    );
  };
  return (
    <button type="button" class="file" onClick={fetch}>
      <Icon name={gone ? "warning" : "file"} />
      <span>
        <bdi class="file-name">{name}</bdi>
        <span class="file-kind">{gone ? words.t("fileGone") : [file.fileType, file.size === null ? "" : fileSize(file.size, words.tag)].filter(Boolean).join(" · ")}</span>
      </span>
      <span class="hide">{words.t("download")}</span>
      <Icon name="download" size={18} />
    </button>
  );
}
