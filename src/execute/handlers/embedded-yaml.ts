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

/**
 * The text with this one value replaced; an absent field is added at the end
 * of the top-level map. What comes out is read again: a form of YAML that a
 * replaced range would break (alias, block scalar, tag, document end) is refused.
 */
export function withField(text: string, field: FieldPath, value: string): string {
  const document = parsed(text, field);
  const edited = replaced(text, field, value);
  const whole = parsed(edited, field);
  const [before, after] = [document, whole].map((one) => {
    one.setIn([...field.path], "");
    return JSON.stringify(one.toJS());
  });
  if (readField(edited, field) !== value || before !== after)
    throw malformed(field, `${field.path.join(".")} stands there in a form that is not edited; change it by hand`);
  return edited;
}

function replaced(text: string, field: FieldPath, value: string): string {
  const document = parsed(text, field);
  const node: unknown = document.getIn([...field.path], true);
  const isPlain = isScalar(node) && node.anchor === undefined && ["PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE"].includes(node.type ?? "");
  if (isPlain && node.range !== null && node.range !== undefined && node.range[0] < node.range[1]) {
    const [start, end] = node.range;
    return text.slice(0, start) + JSON.stringify(value) + text.slice(end);
  }
  if (node !== undefined) throw malformed(field, `${field.path.join(".")} stands there in a form that is not edited; change it by hand`);
  const [key, ...deeper] = field.path;
  if (deeper.length > 0 || typeof key !== "string" || !isMap(document.contents) || document.contents.flow === true)
    throw malformed(field, `it has no ${field.path.join(".")}`);
  return `${text.replace(/(?<!\n)\n*$/, "\n")}${key}: ${JSON.stringify(value)}\n`;
}

function parsed(text: string, field: FieldPath): ReturnType<typeof parseDocument> {
  const document = parseDocument(text, { logLevel: "silent" });
  if (document.errors.length > 0) throw malformed(field, "it is not YAML");
  return document;
}

function malformed(field: FieldPath, why: string): RecoveryError {
  return new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: field.what, detail: `${field.what}: ${why}` });
}
