/** Lint rules of the workspace: strict types, hooks, accessibility, and the direction in which folders may know one another. */
import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** What the files of a folder may not import. */
const apart = (files, groups, message) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: groups, message }] }] },
});

const STRICT = {
  "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
  "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
  "@typescript-eslint/no-explicit-any": "error",
  "react/no-danger": "off",
  "no-restricted-syntax": [
    "error",
    { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Content from outside is never rendered as markup." },
    { selector: "MemberExpression[property.name='innerHTML']", message: "Content from outside is never rendered as markup." },
  ],
};

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "app/api/schema.d.ts"] },
  js.configs.recommended,
  {
    files: ["app/**/*.{ts,tsx}", "rich/**/*.ts", "vite.config.ts"],
    extends: [...tseslint.configs.recommendedTypeChecked, reactHooks.configs.flat.recommended, jsxA11y.flatConfigs.strict],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: STRICT,
  },
  {
    files: ["widget/**/*.{ts,tsx}"],
    extends: [...tseslint.configs.recommendedTypeChecked, jsxA11y.flatConfigs.strict],
    plugins: { "react-hooks": reactHooks },
    languageOptions: { parserOptions: { project: "./widget/tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...STRICT,
      // The rules of React's compiler mean nothing here: Preact has none.
      "react-hooks/rules-of-hooks": "error",
      // A list without marks is none for some screen readers unless it says so.
      "jsx-a11y/no-redundant-roles": ["error", { ul: ["list"], ol: ["list"] }],
    },
  },
  // The page's script and the frame share only what they say to one another.
  apart(["widget/loader/**"], ["**/frame/**"], "The page's script must stay small: only shared/ is known to both sides."),
  apart(["widget/frame/**"], ["**/loader/**"], "The frame knows its page only by the bridge."),
  // Only api/ fetches.
  {
    files: ["app/**/*.{ts,tsx}"],
    ignores: ["app/api/**"],
    rules: { "no-restricted-globals": ["error", { name: "fetch", message: "Only app/api fetches." }, { name: "WebSocket", message: "Only app/api opens sockets." }] },
  },
  apart(["app/ui/**"], ["@tanstack/*", "@/api/*", "@/stores/*", "@/components/*", "@/forms/*", "@/pages/*", "@/routes/*"], "ui/ knows neither router nor data."),
  apart(["app/components/**", "app/forms/**"], ["@/pages/*"], "Pages are built of components, not the other way round."),
  apart(["app/stores/**", "app/lib/**", "app/api/**"], ["@/pages/*", "@/components/*", "@/forms/*", "@/ui/*"], "State and rules know no screen."),
  {
    files: ["mock/**/*.mjs", "widget/mock/**/*.mjs", "tools/**/*.mjs", "*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", Buffer: "readonly", URL: "readonly", setTimeout: "readonly", setInterval: "readonly", structuredClone: "readonly", document: "readonly", localStorage: "readonly", window: "readonly" } },
  },
);
