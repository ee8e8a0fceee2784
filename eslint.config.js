// Rules that a tool can hold are held here. The import table lives in test/architecture/layers.ts.
import tseslint from "typescript-eslint";
import { bannedGlobals, layers, longFiles, outsideFolders } from "./test/architecture/layers.ts";

const topFolders = layers.map((layer) => layer.folder).filter((folder) => !folder.includes("/") && !folder.endsWith(".ts"));

/** no-restricted-imports patterns for one row of the table. */
function importRules(layer) {
  if (layer.mayImport.includes("*")) return [];
  const allowed = new Set([layer.folder.split("/")[0], ...layer.mayImport.map((folder) => folder.split("/")[0])]);
  const patterns = topFolders
    .filter((folder) => !allowed.has(folder))
    .map((folder) => ({ group: [`**/${folder}/**`], message: layer.rule }));
  if (!layer.packages.includes("node:")) patterns.push({ group: ["node:*"], message: layer.rule });
  return [
    {
      files: [`src/${layer.folder}/**/*.ts`],
      ignores: ["**/*.test.ts"],
      rules: { "no-restricted-imports": ["error", { patterns }] },
    },
  ];
}

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", "**/*.generated.ts", "tools/**", "eslint.config.js", "bin/**", "scripts/*.mjs"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", name: ["test", "describe", "it"], package: "node:test" }] },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-empty": ["error", { allowEmptyCatch: false }],
    },
  },
  ...layers.flatMap(importRules),
  {
    files: ["src/**/*.ts"],
    ignores: ["**/*.test.ts", ...outsideFolders.map((folder) => `src/${folder}/**`)],
    rules: {
      "no-restricted-globals": [
        "error",
        ...bannedGlobals.map((name) => ({
          name,
          message: "only adapters, cli and server touch the outside; take it as an argument or through a port",
        })),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "time is an argument or the Clock port" },
        { object: "Math", property: "random", message: "randomness is an argument or a port" },
      ],
    },
  },
  {
    files: ["**/*.test.ts", "test/**/*.ts", "scripts/**/*.ts", "bench/**/*.ts"],
    rules: { "max-lines": "off", "max-lines-per-function": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
  { files: longFiles.map((file) => file.path).concat("never-matches.ts"), rules: { "max-lines": "off" } },
);
