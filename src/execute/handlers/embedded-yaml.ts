import { isMap, isScalar, parseDocument } from "yaml";
import { RecoveryError } from "../../model/recovery-error.ts";

/**
 * Fields of a YAML text that lies inside a ConfigMap. Edited by replacing the
 * range of the value, never by writing the document again: what somebody wrote
 * stays as it is, comments included. Throws REMOTE_ANSWER_MALFORMED.
 */
export interface FieldPath {
  /** Map keys; a number is the index into a list. */
  readonly path: readonly (string | number)[];
  /** For errors: "ConfigMap kube-system/kubeadm-config, ClusterConfiguration". */
  readonly what: string;
}

/** undefined: the field is absent or not a text. */
export function readField(text: string, field: FieldPath): string | undefined {
  const value: unknown = parsed(text, field).getIn([...field.path]);
  return typeof value === "string" ? value : undefined;
}

/** The text with this one value replaced; an absent field is added at the end of the top-level map. */
export function withField(text: string, field: FieldPath, value: string): string {
  const document = parsed(text, field);
  const node: unknown = document.getIn([...field.path], true);
  if (isScalar(node) && node.range !== null && node.range !== undefined) {
    const [start, end] = node.range;
    return text.slice(0, start) + JSON.stringify(value) + text.slice(end);
  }
  const [key, ...deeper] = field.path;
  if (deeper.length > 0 || typeof key !== "string" || !isMap(document.contents) || document.contents.flow === true)
    throw malformed(field, `it has no ${field.path.join(".")}`);
  return `${text.replace(/\n*$/, "\n")}${key}: ${JSON.stringify(value)}\n`;
}

function parsed(text: string, field: FieldPath): ReturnType<typeof parseDocument> {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw malformed(field, "it is not YAML");
  return document;
}

function malformed(field: FieldPath, why: string): RecoveryError {
  return new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: field.what, detail: `${field.what}: ${why}` });
}
