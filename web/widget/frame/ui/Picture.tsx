/** A picture of the conversation: its small copy at once, the whole one when it is here, and large when tapped. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";
import { useShared } from "./context";

/** What an image is drawn from; null while it is fetched, and `gone` when it can't be. */
export function useFile(path: string | null): { url: string | null; gone: boolean; again: () => void } {
  const { downloads } = useShared();
  const [state, setState] = useState<{ url: string | null; gone: boolean }>({ url: null, gone: false });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (path === null) return undefined;
    let here = true;
    setState({ url: null, gone: false });
    downloads.url(path).then(
      (url) => here && setState({ url, gone: false }),
      () => here && setState({ url: null, gone: true }),
    );
    return () => {
      here = false;
    };
  }, [path, downloads, tries]);
  return { ...state, again: () => setTries(tries + 1) };
}

export function HostedPicture({ path, preview, name }: { path: string; preview: string | null; name: string }) {
  const { words } = useShared();
  const { url, gone, again } = useFile(path);
  const [large, setLarge] = useState(false);
  if (gone) {
    return (
      <button type="button" class="file" onClick={again}>
        <Icon name="warning" />
        <span>
          {words.t("fileGone")} <u>{words.t("again")}</u>
        </span>
      </button>
    );
  }
  return (
    <>
      <button type="button" class="picture" aria-label={`${words.t("openPicture")}: ${name}`} disabled={url === null} onClick={() => setLarge(true)}>
        <img src={url ?? preview ?? undefined} alt={name} class={url ? "" : "blurred"} />
      </button>
      {large && url && <Large url={url} name={name} onClose={() => setLarge(false)} />}
    </>
  );
}

/** Over everything else, until it is closed. */
export function Large({ url, name, onClose }: { url: string; name: string; onClose: () => void }) {
  const { words } = useShared();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="large" aria-label={name} onClose={onClose}>
      <div class="large-bar">
        <a class="round" href={url} download={name} aria-label={`${words.t("download")}: ${name}`}>
          <Icon name="download" />
        </a>
        <button type="button" class="round" aria-label={words.t("closePicture")} onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </div>
      <img src={url} alt={name} />
    </dialog>
  );
}
