/** Where the visitor writes: text, files by button, paste or drop. What is written stays until it is sent, through reloads too. */
import { useEffect, useRef, useState } from "preact/hooks";
import { fileSize } from "../../../app/lib/text";
import { accepted, fileTypeOf, isPicture, previewOf } from "../uploads";
import { useShared } from "./context";
import { Icon } from "./icons";

/** The longest message that the protocol takes, in characters. */
const LONGEST = 5_000;
/** Most files that wait to be sent at once. */
const MOST_FILES = 10;

interface Staged {
  id: string;
  file: File;
  fileType: string;
  preview: string | null;
}

interface Props {
  disabled: boolean;
  placeholder: string;
  /** Files that were dropped anywhere in the window. */
  dropped: readonly File[];
  onTaken: () => void;
  /** Counts up whenever the text should have the keyboard. */
  focus: number;
}

export function Composer({ disabled, placeholder, dropped, onTaken, focus }: Props) {
  const { visit, words, config } = useShared();
  const { storage, name } = visit.world;
  const key = `antiphon.widget.${name}.draft`;
  const [text, setText] = useState(() => storage?.getItem(key) ?? "");
  const [staged, setStaged] = useState<Staged[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const { max_bytes: most, types } = config.attachments ?? { max_bytes: 0, types: {} };
  const files = config.attachments !== null && !disabled;

  const write = (next: string) => {
    setText(next);
    visit.typed(next);
    try {
      if (next === "") storage?.removeItem(key);
      else storage?.setItem(key, next);
    } catch {
      // A draft that can't be kept is no reason to stop writing.
    }
  };
  const stage = async (all: readonly File[]) => {
    setProblem(null);
    for (const file of all.slice(0, MOST_FILES - staged.length)) {
      const fileType = fileTypeOf(file, types);
      if (fileType === null) setProblem(words.t("wrongType"));
      else if (file.size > most) setProblem(words.t("tooLarge", { size: fileSize(most, words.tag) }));
      else {
        const preview = isPicture(fileType) ? await previewOf(file) : null;
        setStaged((before) => [...before, { id: visit.world.id(), file, fileType, preview }]);
      }
    }
    field.current?.focus();
  };
  const send = () => {
    const written = text.trim();
    if (disabled || (written === "" && staged.length === 0)) return;
    if (staged.length === 0) visit.say(written);
    else void sendFiles(staged, written);
    setStaged([]);
    setProblem(null);
    write("");
    field.current?.focus();
  };
  const sendFiles = async (all: readonly Staged[], caption: string) => {
    // One after the other; the text goes below the last one, as it stands here.
    for (const one of all) await visit.sendFile(one.file, one.fileType, one.preview, one === all.at(-1) ? caption : "");
  };
  const pressed = (event: KeyboardEvent) => {
    // On a touch screen Enter makes a line, as everywhere there; while a word is being composed it belongs to that.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    send();
  };
  const pasted = (event: ClipboardEvent) => {
    const pictures = [...(event.clipboardData?.files ?? [])];
    if (!files || pictures.length === 0) return;
    event.preventDefault();
    void stage(pictures);
  };

  useEffect(() => {
    if (dropped.length === 0) return;
    if (files) void stage(dropped);
    onTaken();
  }, [dropped]);
  useEffect(() => {
    if (focus > 0) field.current?.focus();
  }, [focus]);
  // As high as its text, up to a point.
  useEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 132)}px`;
  }, [text]);

  const empty = text.trim() === "" && staged.length === 0;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {problem && <p class="problem" role="alert">{problem}</p>}
      {staged.length > 0 && (
        <ul class="staged" role="list">
          {staged.map((one) => (
            <li key={one.id}>
              {one.preview ? <img src={one.preview} alt="" /> : <Icon name="file" />}
              <bdi>{one.file.name}</bdi>
              <button type="button" class="round small" aria-label={words.t("removeFile", { name: one.file.name })} onClick={() => setStaged(staged.filter((other) => other.id !== one.id))}>
                <Icon name="close" size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="field">
        {config.attachments !== null && (
          <>
            <button type="button" class="round" aria-label={words.t("attach")} title={words.t("attach")} disabled={disabled} onClick={() => chooser.current?.click()}>
              <Icon name="attach" />
            </button>
            <input
              ref={chooser}
              type="file"
              class="hide"
              tabIndex={-1}
              aria-hidden="true"
              multiple
              accept={accepted(types)}
              onChange={(event) => {
                void stage([...(event.currentTarget.files ?? [])]);
                event.currentTarget.value = "";
              }}
            />
          </>
        )}
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          maxLength={LONGEST}
          value={text}
          disabled={disabled}
          placeholder={staged.length > 0 ? words.t("caption") : placeholder}
          aria-label={staged.length > 0 ? words.t("caption") : placeholder}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={pressed}
          onPaste={pasted}
        />
        <button type="submit" class="round send" aria-label={words.t("send")} title={words.t("send")} disabled={disabled || empty}>
          <Icon name="send" flip />
        </button>
      </div>
    </form>
  );
}
