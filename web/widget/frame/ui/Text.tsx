/** A message's text: plain, with its addresses as links. Line breaks stay, everything else is what it is. */
import { linkify } from "../../../app/lib/text";
import { useShared } from "./context";

export function Text({ children }: { children: string }) {
  const { words } = useShared();
  return (
    <>
      {linkify(children).map((piece, at) =>
        piece.kind === "link" ? (
          <a key={at} href={piece.href} target="_blank" rel="noopener noreferrer" title={words.t("opensTab")}>
            {piece.text}
          </a>
        ) : (
          piece.text
        ),
      )}
    </>
  );
}
