/** Starts the workspace: preferences, language, then the routes. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError, setUnauthorizedHandler } from "./api/http";
import { chooseLocale, direction, localeTag, t } from "./i18n";
import { makeRouter } from "./routes/router";
import { preferences } from "./stores/preferences";
import { sessionGone } from "./stores/sessionGone";
import "./styles/main.css";

preferences.start();
chooseLocale(localStorage.getItem("antiphon.locale"));
document.documentElement.lang = localeTag();
document.documentElement.dir = direction();

const client = new QueryClient({
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      // A refusal stays a refusal; only what did not get through is tried again.
      retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
  },
});
setUnauthorizedHandler(() => sessionGone.set(true));

// Menus hang outside of the page's tree, in a place of their own that has a name.
const menus = document.createElement("section");
menus.id = "menus";
menus.setAttribute("aria-label", t("nav.menus"));
document.body.append(menus);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={makeRouter(client)} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
