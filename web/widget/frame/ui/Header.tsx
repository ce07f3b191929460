/** The top: who answers, the state of the connection when there is something to say, and the few things one can do. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useShared } from "./context";
import { Icon } from "./icons";

interface Props {
  title: string;
  status: string | null;
  sound: boolean;
  onSound: () => void;
  canEnd: boolean;
  onClose: () => void;
}

export function Header({ title, status, sound, onSound, canEnd, onClose }: Props) {
  const { words, config, visit } = useShared();
  const [menu, setMenu] = useState(false);
  const [asking, setAsking] = useState(false);
  const corner = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!menu) return undefined;
    const away = (event: Event) => {
      if (!corner.current?.contains(event.target as globalThis.Node)) setMenu(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [menu]);
  const escape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !menu) return;
    event.stopPropagation();
    setMenu(false);
    corner.current?.querySelector("button")?.focus();
  };
  return (
    <header>
      {config.logo_url ? <img class="logo" src={config.logo_url} alt="" referrerpolicy="no-referrer" /> : <span class="logo" aria-hidden="true">{[...title][0]?.toLocaleUpperCase() ?? ""}</span>}
      <div class="who">
        <h1 dir="auto">{title}</h1>
        <p role="status">{status}</p>
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions -- the key is heard on its way up from the buttons. */}
      <div class="corner" ref={corner} onKeyDown={escape}>
        <button type="button" class="round" aria-label={words.t("menu")} title={words.t("menu")} aria-expanded={menu} aria-controls="menu" onClick={() => setMenu(!menu)}>
          <Icon name="more" />
        </button>
        {menu && (
          <ul id="menu" class="menu" role="list">
            <li>
              <button
                type="button"
                onClick={() => {
                  onSound();
                  setMenu(false);
                }}
              >
                <Icon name={sound ? "silent" : "sound"} size={18} />
                {words.t(sound ? "soundOff" : "soundOn")}
              </button>
            </li>
            {canEnd && (
              <li>
                <button
                  type="button"
                  onClick={() => {
                    setMenu(false);
                    setAsking(true);
                  }}
                >
                  <Icon name="end" size={18} flip />
                  {words.t("end")}
                </button>
              </li>
            )}
          </ul>
        )}
      </div>
      <button type="button" class="round" aria-label={words.t("minimise")} title={words.t("minimise")} onClick={onClose}>
        <Icon name="down" />
      </button>
      {asking && <Sure onYes={() => void visit.end().catch(() => undefined)} onDone={() => setAsking(false)} />}
    </header>
  );
}

function Sure({ onYes, onDone }: { onYes: () => void; onDone: () => void }) {
  const { words } = useShared();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="sure" aria-labelledby="sure" onClose={onDone}>
      <h2 id="sure">{words.t("endSure")}</h2>
      <div class="sure-buttons">
        <button type="button" class="plain" onClick={() => dialog.current?.close()}>{words.t("endNo")}</button>
        <button
          type="button"
          class="filled"
          onClick={() => {
            onYes();
            dialog.current?.close();
          }}
        >
          {words.t("endYes")}
        </button>
      </div>
    </dialog>
  );
}
