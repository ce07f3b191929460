// The page: one phone for each simulated channel.

import { offered } from "./api.js";
import { Phone } from "./phone.js";

const holder = document.getElementById("phones");

try {
  const { channels: list, shop } = await offered();
  document.getElementById("shop").hidden = !shop;
  holder.replaceChildren();
  for (const channel of list) {
    const phone = new Phone(channel);
    holder.append(phone.root);
    phone.start();
  }
  if (list.length === 0) {
    holder.textContent = "No simulator is running.";
  }
} catch (error) {
  holder.textContent = `The phones could not be loaded: ${error.message}`;
}
holder.removeAttribute("aria-busy");
