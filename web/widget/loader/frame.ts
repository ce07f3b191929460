/** The frame with the conversation, and the port over which the page's script and it speak. Nothing else of it is reached. */
import { HELLO, PORT, type ToFrame, type ToPage } from "../shared/bridge";
import { framePath } from "../shared/config";

/** What the frame may do. It may not lead the page elsewhere. */
const SANDBOX = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads";

export class Frame {
  readonly element = document.createElement("iframe");
  private port: MessagePort | null = null;
  private readonly waiting: ToFrame[] = [];

  constructor(
    private readonly server: string,
    options: { account: string; source: string; title: string },
    private readonly on: { ready: () => ToFrame; message: (message: ToPage) => void },
  ) {
    addEventListener("message", this.greeted);
    this.element.title = options.title;
    this.element.setAttribute("sandbox", SANDBOX);
    this.element.allow = "clipboard-write; autoplay";
    this.element.referrerPolicy = "origin";
    this.element.src = server + framePath(options.account, options.source);
  }

  tell(message: ToFrame): void {
    if (this.port) this.port.postMessage(message);
    else this.waiting.push(message);
  }

  remove(): void {
    removeEventListener("message", this.greeted);
    this.port?.close();
    this.element.remove();
  }

  /** Only this very frame, from this very server, gets a port; a frame that was loaded anew gets a new one. */
  private readonly greeted = (event: MessageEvent): void => {
    if (event.data !== HELLO || event.source !== this.element.contentWindow || event.origin !== this.server) return;
    const { port1, port2 } = new MessageChannel();
    this.port?.close();
    this.port = port1;
    port1.onmessage = (said: MessageEvent<ToPage>) => this.on.message(said.data);
    this.element.contentWindow?.postMessage(PORT, this.server, [port2]);
    port1.postMessage(this.on.ready());
    // What was said before is part of the setup, but for answers.
    for (const message of this.waiting.splice(0)) if (message.type === "token") port1.postMessage(message);
  };
}
