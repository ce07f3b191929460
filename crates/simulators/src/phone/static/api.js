// Talks to one simulator's control API. The only file that fetches.

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error || `The simulator answered ${response.status}.`);
  return body;
}

/** What there is: the channels with a phone, and whether there is a shop. */
export async function offered() {
  return answer(await fetch("/simulators/channels"));
}

let shared;

export class Api {
  constructor(channel) {
    this.channel = channel;
    this.base = `/simulators/api/${channel}`;
  }

  async get(path) {
    return answer(await fetch(this.base + path));
  }

  async send(method, path, body = {}) {
    return answer(await fetch(this.base + path, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }));
  }

  mediaUrl(id) {
    return `${this.base}/media/${encodeURIComponent(id)}`;
  }

  /** Calls back on every change; the browser reconnects by itself. */
  watch(onChange, onState) {
    // One stream for all phones: browsers hold six connections to a server, and the rest would wait for ever.
    shared ??= new EventSource("/simulators/events");
    shared.addEventListener("change", (event) => {
      if (event.data === this.channel) onChange();
    });
    shared.addEventListener("open", () => onState(true));
    shared.addEventListener("error", () => onState(false));
  }
}

export function fileToUpload(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("error", () => reject(new Error(`${file.name} could not be read.`)));
    reader.addEventListener("load", () => resolve({
      content_type: file.type || "application/octet-stream",
      name: file.name,
      base64: String(reader.result).split(",")[1] || "",
    }));
    reader.readAsDataURL(file);
  });
}
