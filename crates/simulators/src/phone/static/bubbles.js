// Draws a thread. Existing bubbles stay in place, so that focus and scroll position survive an update.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const STATUS = {
  accepted: "Waiting", queued: "Waiting", scheduled: "Scheduled", sending: "Sending", sent: "Sent",
  delivered: "Delivered", read: "Read", undelivered: "Not delivered", failed: "Failed",
  canceled: "Cancelled", received: "Sent",
};
const FROM = { brand: "", page: "Page inbox", network: "Automatic answer" };

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function attachment(api, file) {
  const url = api.mediaUrl(file.id);
  const type = file.content_type.split("/")[0];
  if (type === "image" && !file.content_type.includes("svg")) {
    const image = make("img", "photo");
    image.src = url;
    image.alt = file.name || "Photo";
    image.loading = "lazy";
    return image;
  }
  if (type === "audio" || type === "video") {
    const player = make(type, "player");
    player.src = url;
    player.controls = true;
    return player;
  }
  const link = make("a", "file-link", `${file.name || "File"} (${Math.ceil(file.size / 1024)} kB)`);
  link.href = url;
  link.download = file.name || "file";
  return link;
}

function tappable(button, onTap) {
  if (button.kind === "url") {
    const link = make("a", "tap", button.title || button.url);
    if (/^https?:/.test(button.url)) link.href = button.url;
    link.rel = "noreferrer noopener";
    link.target = "_blank";
    return link;
  }
  const element = make("button", button.kind === "quick_reply" ? "tap chip" : "tap", button.title);
  element.type = "button";
  element.addEventListener("click", () => onTap(button));
  return element;
}

function bubble(api, message, onTap) {
  const item = make("li", `item ${message.from === "consumer" ? "mine" : "theirs"} from-${message.from}`);
  item.dataset.id = message.id;
  if (FROM[message.from]) item.append(make("span", "label", FROM[message.from]));
  if (message.text) item.append(make("p", "bubble", message.text));
  for (const file of message.media) item.append(attachment(api, file));
  if (message.buttons.length) {
    const row = make("div", "taps");
    for (const button of message.buttons) row.append(tappable(button, onTap));
    item.append(row);
  }
  item.append(make("span", "meta"));
  return item;
}

function describe(item, message) {
  const time = TIME.format(new Date(message.at_ms));
  const status = STATUS[message.status] || message.status;
  const text = `${time} · ${status}${message.error ? ` · ${message.error}` : ""}`;
  const meta = item.querySelector(".meta");
  if (meta.textContent !== text) meta.textContent = text;
  item.classList.toggle("lost", ["failed", "undelivered"].includes(message.status));
  item.classList.toggle("waiting", ["queued", "accepted", "scheduled", "sending"].includes(message.status));
}

/** Goes to the newest message, and stays there while pictures that are still loading make the thread longer. */
function toEnd(scroller) {
  scroller.scrollTop = scroller.scrollHeight;
  for (const image of scroller.querySelectorAll("img.photo")) {
    if (image.complete) continue;
    image.addEventListener("load", () => {
      // Whoever has scrolled up meanwhile is left alone.
      const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
      if (below < image.height + 80) scroller.scrollTop = scroller.scrollHeight;
    }, { once: true });
  }
}

/** `scroller` holds one list; it stays at the end if it was there. */
export function drawThread(scroller, thread, api, onTap) {
  const list = scroller.firstElementChild;
  const nearEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  const known = new Map([...list.querySelectorAll(".item")].map((item) => [item.dataset.id, item]));
  const wanted = thread.messages.map((message) => {
    let item = known.get(message.id);
    // Files of a message sent by address arrive a moment after its text.
    const files = String(message.media.length);
    if (!item || item.dataset.files !== files) {
      item = bubble(api, message, onTap);
      item.dataset.files = files;
    }
    describe(item, message);
    return item;
  });
  const seen = thread.seen_ms === null ? -1 : thread.messages.findLastIndex(
    (message) => message.from === "consumer" && message.at_ms <= thread.seen_ms,
  );
  if (seen >= 0) wanted.splice(seen + 1, 0, seenMark(list));
  if (thread.typing) wanted.push(dots(list));
  if (wanted.length === 0) wanted.push(make("li", "empty", "No messages yet. Say hello."));
  const same = wanted.length === list.children.length && wanted.every((item, index) => item === list.children[index]);
  if (!same) list.replaceChildren(...wanted);
  if (nearEnd && !same) toEnd(scroller);
}

function seenMark(list) {
  return list.querySelector(".seen") || make("li", "seen", "Seen by the brand");
}

function dots(list) {
  const existing = list.querySelector(".typing");
  if (existing) return existing;
  const item = make("li", "typing");
  item.append(make("span", "hide", "The brand is typing"));
  for (let index = 0; index < 3; index += 1) item.append(make("span", "dot"));
  return item;
}
