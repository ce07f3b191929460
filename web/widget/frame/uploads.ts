/** Files that a visitor may send: what the wire calls them, a small picture of pictures, and the way up. */
import type { Attachments } from "../shared/config";
import { Refused } from "./wire/line";

/** What the file chooser offers. */
export const accepted = (types: Attachments["types"]): string => Object.keys(types).join();

export const isPicture = (fileType: string): boolean => ["JPEG", "JPG", "PNG", "GIF", "WEBP"].includes(fileType);

/** The wire's name of a file's type; null when it is not taken. */
export function fileTypeOf(file: Pick<File, "name" | "type">, types: Attachments["types"]): string | null {
  const byType = types[file.type.split(";")[0]?.trim().toLowerCase() ?? ""];
  const ending = file.name.split(".").at(-1)?.toUpperCase() ?? "";
  const known = ending === "JPG" ? "JPEG" : ending;
  return byType ?? (Object.values(types).includes(known) ? known : null);
}

/** Longest side of a preview, in pixels, and its most characters: what the protocol takes. */
const SIDE = 96;
const MOST = 40_000;

/** A small picture as a data URL; null when the browser can't draw the file. */
export async function previewOf(file: Blob): Promise<string | null> {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const url = canvas.toDataURL("image/jpeg", 0.6);
    return url.startsWith("data:image/jpeg") && url.length <= MOST ? url : null;
  } catch {
    return null;
  }
}

/** Sends a file to its signed link. A network that fails may come back: the server's own refusals are told from it. */
export function upload(url: string, file: Blob, progress: (share: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Refused(request.status === 401 ? 503 : request.status, messageOf(request.responseText))));
    request.onerror = () => reject(new Refused(503, ""));
    request.send(file);
  });
}

function messageOf(text: string): string {
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown } };
    return typeof body.error?.message === "string" ? body.error.message : "";
  } catch {
    return "";
  }
}
