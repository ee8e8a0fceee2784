// Writes docs/requorum.schema.json, the JSON Schema of requorum.yaml for editors.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configJsonSchemaText } from "../src/schemas/config-schema.ts";

export const configSchemaPath = join(import.meta.dirname, "../docs/requorum.schema.json");

if (import.meta.main) {
  writeFileSync(configSchemaPath, configJsonSchemaText());
  console.log(`wrote ${configSchemaPath}`);
}
