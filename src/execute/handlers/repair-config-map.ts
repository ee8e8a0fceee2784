import type { HostName } from "../../model/ids.ts";
import { acceptedJson, request, withReadyKube } from "../ask/ask-kube.ts";
import { textAt } from "../ask/json-value.ts";
import { knownOrUndefined, readConfigMap } from "../observe/look-at-kubernetes.ts";
import type { StepContext } from "../step-handler.ts";
import { readField, withField } from "./embedded-yaml.ts";

/** One value in a YAML text in a ConfigMap. */
export interface ConfigMapField {
  readonly namespace: string;
  readonly name: string;
  /** Key of `data`. */
  readonly dataKey: string;
  readonly path: readonly (string | number)[];
}

/** undefined: it could not be read. "": the field is absent. */
export async function readConfigMapField(
  context: StepContext,
  via: readonly HostName[],
  field: ConfigMapField,
): Promise<string | undefined> {
  return await knownOrUndefined(
    context,
    async () =>
      await withReadyKube(context, via, async (api) => {
        const text = textAt(await readConfigMap(api, context, field), "data", field.dataKey);
        return text === undefined ? "" : (readField(text, { path: field.path, what: wordsOf(field) }) ?? "");
      }),
  );
}

/** Replaces that value only; the resource version makes a change by somebody else in between a refusal (409), not a loss. */
export async function repairConfigMapField(
  context: StepContext,
  via: readonly HostName[],
  field: ConfigMapField,
  value: string,
): Promise<void> {
  await withReadyKube(context, via, async (api) => {
    const current = await readConfigMap(api, context, field);
    const text = textAt(current, "data", field.dataKey) ?? "";
    const yaml = { path: field.path, what: wordsOf(field) };
    if (readField(text, yaml) === value) return;
    const answer = await request(api, context, {
      method: "PATCH",
      path: `/api/v1/namespaces/${field.namespace}/configmaps/${field.name}`,
      contentType: "application/merge-patch+json",
      body: {
        metadata: { resourceVersion: textAt(current, "metadata", "resourceVersion") },
        data: { [field.dataKey]: withField(text, yaml, value) },
      },
    });
    acceptedJson(answer, `change of ${wordsOf(field)}`);
  });
}

function wordsOf(field: ConfigMapField): string {
  return `ConfigMap ${field.namespace}/${field.name}, ${field.dataKey}`;
}
