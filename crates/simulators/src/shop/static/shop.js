// The shop: what is in the basket, who is signed in, and what of it the widget is told. It speaks to the widget as any page may.

const GOODS = [
  { sku: "K-17", name: "Blue kettle", about: "1.7 litres, whistles softly", category: "Kettles", price: 39, picture: "kettle-blue" },
  { sku: "K-12", name: "Copper kettle", about: "1.2 litres, beaten by hand", category: "Kettles", price: 89, picture: "kettle-copper" },
  { sku: "T-03", name: "Green spring tea", about: "First flush, 100 g", category: "Tea", price: 14, picture: "tea-green" },
  { sku: "C-08", name: "Two cups", about: "Stoneware, 250 ml each", category: "Cups", price: 22, picture: "cups" },
];
const CURRENCY = "EUR";
const SPRING = { campaignId: "spring-2026", engagementId: "newsletter" };
const money = new Intl.NumberFormat("en-IE", { style: "currency", currency: CURRENCY });
const by = (id) => document.getElementById(id);
const widget = (...call) => (window.antiphonWidget ||= []).push(call);

/** What this tab remembers. */
const kept = {
  read(name, otherwise) {
    try {
      return JSON.parse(sessionStorage.getItem(`shop.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  write(name, value) {
    try {
      sessionStorage.setItem(`shop.${name}`, JSON.stringify(value));
    } catch {
      // Then the next page begins anew.
    }
  },
};
const counts = new Map(kept.read("basket", []).filter(([sku]) => GOODS.some((good) => good.sku === sku)));
let customer = null;

/** The products in the basket, with how many of each. */
const chosen = () => GOODS.filter((good) => counts.has(good.sku)).map((good) => ({ good, count: counts.get(good.sku) }));
const product = ({ name, category, sku, price }) => ({ name, category, sku, price });

function attributes() {
  const lines = chosen();
  const total = lines.reduce((sum, { good, count }) => sum + good.price * count, 0);
  const cart = {
    type: "cart", total, currency: CURRENCY, numItems: lines.reduce((sum, { count }) => sum + count, 0),
    products: lines.map(({ good, count }) => ({ product: product(good), quantity: count })),
  };
  const info = customer ? { customerId: customer.id, ctype: customer.kind, loginStatus: "logged in" } : { loginStatus: "not logged in" };
  return [cart, { type: "ctmrinfo", info }, { type: "prodView", currency: CURRENCY, products: GOODS.slice(0, 2).map((good) => ({ product: product(good) })) }];
}

function put(sku, more) {
  const count = (counts.get(sku) ?? 0) + more;
  if (count > 0) counts.set(sku, Math.min(count, 99));
  else counts.delete(sku);
  kept.write("basket", [...counts]);
  show();
}

/** Draws basket and what is told, and tells it. */
function show() {
  const lines = chosen();
  const rows = lines.map(({ good, count }) => {
    const row = by("line").content.cloneNode(true);
    row.querySelector(".name").textContent = good.name;
    row.querySelector(".count").textContent = count;
    for (const [name, more, what] of [["less", -1, "One less:"], ["more", 1, "One more:"]]) {
      const button = row.querySelector(`.${name}`);
      button.setAttribute("aria-label", `${what} ${good.name}`);
      button.addEventListener("click", () => {
        put(good.sku, more);
        // The buttons were drawn anew: the keyboard stays where it was.
        document.querySelector(`[aria-label="${what} ${good.name}"]`)?.focus();
      });
    }
    return row;
  });
  const empty = Object.assign(document.createElement("li"), { className: "soft", textContent: "Nothing yet." });
  by("basket").replaceChildren(...(rows.length > 0 ? rows : [empty]));
  const all = attributes();
  const [cart] = all;
  by("total").textContent = money.format(cart.total);
  widget("setAttributes", all);
  const spring = by("spring").checked;
  widget("setCampaign", spring ? SPRING : null);
  const told = [
    ["Cart", `${cart.numItems} ${cart.numItems === 1 ? "item" : "items"}, ${money.format(cart.total)}`],
    ["Customer", customer ? `${customer.id}, ${customer.kind}, since ${customer.since}` : "not signed in"],
    ["Looked at", GOODS.slice(0, 2).map((good) => good.name).join(", ")],
    ["Campaign", spring ? `${SPRING.campaignId} (${SPRING.engagementId})` : "none"],
    ["Vouched for", customer ? `name, e-mail and number of ${customer.name}, in a token that the shop signed` : "nothing"],
  ];
  by("told").replaceChildren(...told.flatMap(([name, value]) => [
    Object.assign(document.createElement("dt"), { textContent: name }), Object.assign(document.createElement("dd"), { textContent: value }),
  ]));
}

/** The brand's token for whoever is signed in; the widget asks for it when it needs one. */
async function token() {
  const answer = await fetch(`/simulators/shop/token?customer=${encodeURIComponent(customer.id)}`);
  return answer.ok ? (await answer.json()).token : null;
}

function become(next) {
  customer = next;
  kept.write("customer", next?.id ?? null);
  by("who").textContent = next ? `Signed in as ${next.name}.` : "You are not signed in.";
  by("sign-in").hidden = next !== null;
  by("sign-out").hidden = next === null;
  widget("identify", next ? token : null);
  show();
}

function goods() {
  return GOODS.map((good) => {
    const item = by("good").content.cloneNode(true);
    item.querySelector(".picture").append(Object.assign(new Image(), { src: `/simulators/shop/static/${good.picture}.svg`, alt: "" }));
    item.querySelector("h3").textContent = good.name;
    item.querySelector(".about").textContent = good.about;
    item.querySelector(".price").textContent = money.format(good.price);
    const button = item.querySelector("button");
    button.textContent = "Add";
    button.setAttribute("aria-label", `Add: ${good.name}`);
    button.addEventListener("click", () => put(good.sku, 1));
    return item;
  });
}

by("goods").replaceChildren(...goods());
by("spring").checked = kept.read("spring", false);
by("spring").addEventListener("change", (event) => {
  kept.write("spring", event.currentTarget.checked);
  show();
});
// Before anything opens the widget it is told who is there.
const { customers } = await (await fetch("/simulators/shop/customers")).json();
by("customer").replaceChildren(...customers.map(({ id, name }) => new Option(name, id)));
by("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  become(customers.find(({ id }) => id === by("customer").value) ?? null);
});
by("sign-out").addEventListener("click", () => become(null));
become(customers.find(({ id }) => id === kept.read("customer", null)) ?? null);
// A button of a card that an agent sent may put something into the basket.
widget("on", "action", ({ name, data }) => {
  if (name === "addToCart" && GOODS.some((good) => good.sku === data?.sku)) put(data.sku, 1);
});
