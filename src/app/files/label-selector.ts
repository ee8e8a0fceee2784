import { textAt, type KubeObject } from "../../formats/kubernetes/kube-json.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

type Requirement = (value: string | undefined) => boolean;

/** Commas within parentheses separate values. */
const betweenParts = /,(?![^()]*\))/;
const setForm = /^([^\s=!,()]+)\s+(in|notin)\s*\(([^()]*)\)$/;
const equalForm = /^([^\s=!,()]+)\s*(!=|==?)\s*([^\s=!,()]*)$/;
const presentForm = /^(!?)\s*([^\s=!,()]+)$/;

/**
 * `app=web`, `tier!=cache`, `app in (web,api)`, `tier notin (cache)`, `app`,
 * `!app`, several with commas between. As kubectl, what has not the label
 * fulfils `!=` and `notin`. Source: k8s.io/apimachinery pkg/labels/selector.go.
 * Throws USAGE.
 */
export function labelSelector(text: string | undefined): (object: KubeObject) => boolean {
  if (text === undefined) return () => true;
  const wanted = text.split(betweenParts).map((part) => requirementOf(part.trim()));
  return (object) => wanted.every(({ label, fulfils }) => fulfils(textAt(object, "metadata", "labels", label)));
}

function requirementOf(part: string): { readonly label: string; readonly fulfils: Requirement } {
  const [, setLabel, word, list = ""] = setForm.exec(part) ?? [];
  if (setLabel !== undefined) {
    const values = list.split(",").map((value) => value.trim());
    const isIn: Requirement = (value) => value !== undefined && values.includes(value);
    return { label: setLabel, fulfils: word === "in" ? isIn : (value) => !isIn(value) };
  }
  const [, equalLabel, sign, wanted] = equalForm.exec(part) ?? [];
  if (equalLabel !== undefined) return { label: equalLabel, fulfils: (value) => (value === wanted) === (sign !== "!=") };
  const [, absence, label] = presentForm.exec(part) ?? [];
  if (label !== undefined) return { label, fulfils: (value) => (value !== undefined) === (absence === "") };
  throw new RecoveryError("USAGE", {
    subject: "option --selector",
    detail: `${JSON.stringify(part)} is not LABEL=VALUE, LABEL!=VALUE, LABEL in (VALUE,…), LABEL notin (VALUE,…), LABEL or !LABEL`,
  });
}
