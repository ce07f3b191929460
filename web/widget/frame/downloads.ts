/** Files of the conversation, fetched when they are looked at and held until the page goes. */
import { linkOf } from "./sender";
import type { Visit } from "./visit";

export class Downloads {
  private readonly urls = new Map<string, Promise<string>>();

  constructor(private readonly visit: Visit) {}

  /** An address of the file's bytes in this page. What failed is asked for again next time. */
  url(path: string): Promise<string> {
    const known = this.urls.get(path);
    if (known) return known;
    const fetched = this.fetch(path);
    this.urls.set(path, fetched);
    fetched.catch(() => this.urls.delete(path));
    return fetched;
  }

  private async fetch(path: string): Promise<string> {
    // Links live a minute and are asked for one by one; nobody else can use them.
    const link = await this.visit.request("ms.GenerateURLForDownloadFile", { relativePath: path });
    const response = await fetch(linkOf(link), { credentials: "omit" });
    if (!response.ok) throw new Error(`the file was answered with ${response.status}`);
    return URL.createObjectURL(await response.blob());
  }
}
