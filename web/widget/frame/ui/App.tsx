/** The whole window: header, messages, the state of the connection, and where one writes. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ownText } from "../../shared/config";
import { latest } from "../state/model";
import { useShared, useSnapshot } from "./context";
import { Composer } from "./Composer";
import { Header } from "./Header";
import { Icon } from "./icons";
import { Transcript } from "./Transcript";
import { useTrap } from "./trap";

interface Props {
  /** Whether the page shows the window. */
  open: boolean;
  sound: boolean;
  onSound: () => void;
  onClose: () => void;
  /** Read aloud when it changes. */
  announcement: string;
}

const NO_FILES: readonly File[] = [];

export function App({ open, sound, onSound, onClose, announcement }: Props) {
  const { visit, words, config } = useShared();
  const snapshot = useSnapshot(visit);
  const [dropped, setDropped] = useState<readonly File[]>(NO_FILES);
  const [over, setOver] = useState(false);
  const [focus, setFocus] = useState(0);
  const root = useRef<HTMLDivElement>(null);
  useTrap(root, open, onClose);
  useEffect(() => {
    // A keyboard that comes up unasked would hide half of a phone's window.
    if (open && !matchMedia("(pointer: coarse)").matches) setFocus((before) => before + 1);
  }, [open]);

  const { connection, problem } = snapshot;
  const refused = connection === "refused";
  const current = visit.current();
  const placeholder = latest(snapshot.known) && !current ? words.t("placeholderNew") : words.t("placeholder");
  const files = config.attachments !== null && !refused;
  const hasFiles = (event: DragEvent) => files && [...(event.dataTransfer?.types ?? [])].includes("Files");
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- files may be dropped anywhere; the button does the same.
    <div
      ref={root}
      class="window"
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (event.relatedTarget === null) setOver(false);
      }}
      onDrop={(event) => {
        setOver(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        setDropped([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <Header
        title={ownText(config, words.language, "title") ?? config.title}
        status={connection === "connecting" && !snapshot.loaded ? words.t("connecting") : (snapshot.names[current?.agents[0] ?? ""] ?? null)}
        sound={sound}
        onSound={onSound}
        canEnd={current !== null && connection === "live"}
        onClose={onClose}
      />
      <main>
        <Transcript snapshot={snapshot} visible={open} />
        <Banner connection={connection} loaded={snapshot.loaded} why={problem?.why ?? null} />
        <Composer disabled={refused} placeholder={placeholder} dropped={dropped} onTaken={() => setDropped(NO_FILES)} focus={focus} />
      </main>
      {over && (
        <div class="drop" aria-hidden="true">
          <Icon name="attach" size={28} />
          {words.t("dropHere")}
        </div>
      )}
      <p class="hide" aria-live="polite">
        {announcement}
      </p>
    </div>
  );
}

function Banner({ connection, loaded, why }: { connection: string; loaded: boolean; why: string | null }) {
  const { visit, words } = useShared();
  const lost = connection === "waiting" || (connection === "connecting" && loaded);
  const text = connection === "offline" ? words.t("offline") : connection === "refused" ? words.t(why === "sign-in" ? "signIn" : "refused") : lost ? words.t("reconnecting") : null;
  const canTry = connection === "waiting" || (connection === "refused" && why !== "sign-in");
  return (
    <div role="status" class={text ? `banner ${connection}` : "banner empty"}>
      {text && <span>{text}</span>}
      {text && canTry && (
        <button type="button" class="link" onClick={() => visit.connectNow()}>
          {words.t("tryNow")}
        </button>
      )}
    </div>
  );
}
