import { redactText } from "../../model/redact.ts";
import { continued, endsWithBackslash, isTable, nextLine, showAll, untilTable, valueBehind, type Hiding } from "./hidden-lines.ts";

const hidden = "[not shown]";

/**
 * The text of a configuration file, line by line, as it may stand on a screen
 * and in the log of who calls this. What looks like a secret by its form is
 * taken out, and all that stands behind a word that tells of one, also in the
 * lines below: only a switch is left there, and a path whose key says that it
 * is a file. Values of environment variables and of anything else called
 * `value` are never shown. A file may be one line of a MiB that somebody else
 * wrote, so each pattern here is read in time that grows with the line.
 */
export function shownLines(text: string): string {
  let until: Hiding = showAll;
  return redactText(text)
    .split("\n")
    .map((line) => {
      if (until(line)) return line.trim() === "" ? line : `${/^\s*/.exec(line)?.[0] ?? ""}${hidden}`;
      const { shown, next } = shownLine(line);
      until = next;
      return shown;
    })
    .join("\n");
}

/** `- value: x`, `value: x`, and `{name: a, value: x}`; quoted names too. */
const valueField = /(?:^\s*(?:-\s+)*|[{,]\s*)["']?value["']?(?=\s*:(?:\s|$|["']))/i;

/** Words that tell of a secret behind them, with the rest of the word that they stand in. */
const telling =
  /(?:password|passwd|passphrase|pass(?![a-z]{2})|pw(?![a-z])|_pw|pwd(?![a-z])|(?<![a-z])pwd|secret|token|credential|psk|api[_-]?key|[_-]key(?![a-z])|(?<![a-z])key(?=\s*=)|(?<![a-z])auth(?![a-z])|authorization|(?<![a-z])basic(?![a-z])|bearer|urlheader|headers?(?![a-z])|(?<![a-z])hdr(?=\s)|cookie|community|com2sec)[\w-]*/i;

/** Behind a telling word: nothing, or what is a secret under no name. */
const nothing = /^["',;:{}[\]()\s]*$/;
const switched = /^(?:true|false|null|~|\[(?:removed: secret|not shown)\])["',;:{}[\]()\s]*$/i;
/** What else may be shown behind a word that ends so. */
const sayingNames: readonly { readonly key: RegExp; readonly value: RegExp }[] = [
  { key: /(?:[-_](?:file|path|dir|directory)|(?:File|Path|Dir|Directory))s?$/, value: /^\/[\w./-]+["',;:{}[\]()\s]*$/ },
  { key: /(?:ttl|timeout|period|duration|interval|expiration)$/i, value: /^\d{1,6}[smhd]["',;:{}[\]()\s]*$/ },
  { key: /authorization[-_]?mode$/i, value: /^(?:(?:Node|RBAC|Webhook|AlwaysAllow|ABAC),?)+["';:{}[\]()\s]*$/ },
];

/** No line of a configuration that a person reads. */
const lineMax = 2000;

function shownLine(whole: string): { readonly shown: string; readonly next: Hiding } {
  const line = whole.length > lineMax ? whole : withoutPiped(whole);
  const column = line.search(/[^\s-]/);
  if (line.length > lineMax) return { shown: hidden, next: valueBehind(column, ":") };
  const field = valueField.exec(line);
  const word = telling.exec(line);
  const [first] = [field, word].filter((found) => found !== null).sort((one, other) => one.index - other.index);
  if (first === undefined)
    return { shown: withoutForms(line), next: isCommandLine(line) && endsWithBackslash(line) ? continued() : showAll };
  const end = first.index + first[0].length;
  const rest = line.slice(end);
  const head = withoutForms(line.slice(0, end));
  // The field's value may go on below, also where another word comes before it.
  const next = isTable(line) ? untilTable : valueBehind(column, field === null ? rest : line.slice(field.index + field[0].length));
  if (head.endsWith(hidden)) return { shown: head, next };
  if (first === field) return { shown: `${head}: ${hidden}`, next };
  if (!isHarmless(first[0], rest)) return { shown: `${head}${/^["')\]]?\s*[:=]?\s*/.exec(rest)?.[0] ?? " "}${hidden}`, next };
  // `--password` in a line of its own, its value in the next.
  const isOption = /(?:^|[\s"'])--?[\w-]*$/.test(line.slice(0, end)) && nothing.test(rest);
  return { shown: `${head}${withoutForms(rest)}`, next: isOption ? nextLine() : next };
}

function isHarmless(key: string, rest: string): boolean {
  const value = rest.replace(/^[)\]"'\s:=]*/, "");
  return nothing.test(value) || switched.test(value) || sayingNames.some((saying) => saying.key.test(key) && saying.value.test(value));
}

/** Options by which programs take users, passwords and headers, also several in one: curl, mysql, redis-cli, ldapsearch. */
const loginOption =
  /((?:^|[\s"'])(?:-[A-Za-z]{0,9}[upPawyAUHxclbdDE]|--(?:user|username|login|header|cookie|proxy-user|proxy|data|cert)(?=[\s=])))\s*\S[\s\S]*$/;
const loginProgram =
  /\b(?:curl|wget|mysql\w*|mariadb|psql|redis-cli|ldap\w+|mongo\w*|nsupdate|dig|sshpass|hcloud|openstack|aws|az|gcloud)\b/i;
/** Fencing and SNMP: `-P`, `-p`, `-c`, `-l`, `-A`, `-X`, `-k` and more are secrets in one or the other, so nothing behind the program is shown. */
const fencingProgram = /(?<![\w-])(?:ipmi[\w-]*|fence_\w+|stonith\w*|amttool|racadm|snmp[a-z]+)(?![\w-])/i;
/** Letters and digits in one run, as keys, passwords and hashes have them; a path, a host name or an option has other signs in between. */
const run = /[A-Za-z0-9+/=_]{20,}/g;

/** What goes into such a program over a pipe, or as its input, is what it is given as a secret. */
function withoutPiped(line: string): string {
  const found = fencingProgram.exec(line) ?? loginProgram.exec(line);
  const before = found === null ? (/^(.*[^|:\s]\s*\|)\s*\\\s*$/.exec(line)?.[1] ?? "") : line.slice(0, found.index);
  const pipe = before.replaceAll("||", "  ").lastIndexOf("|");
  const whole = pipe < 0 ? line : `${/^\s*/.exec(line)?.[0] ?? ""}${hidden} ${line.slice(pipe)}`;
  const input = found === null ? -1 : whole.indexOf("<<<");
  return input < 0 ? whole : `${whole.slice(0, input)}<<< ${hidden}`;
}

function isCommandLine(line: string): boolean {
  return loginProgram.test(line) || fencingProgram.test(line);
}

function withoutForms(line: string): string {
  const fencing = fencingProgram.exec(line);
  if (fencing !== null) {
    const end = fencing.index + fencing[0].length;
    return `${withoutForms(line.slice(0, fencing.index))}${fencing[0]}${nothing.test(line.slice(end)) ? line.slice(end) : ` ${hidden}`}`;
  }
  const users = line.replaceAll(/\S+/g, withoutUserOfUrl).replaceAll(/[^\s"']+/g, withoutUserAtHost);
  const logins = loginProgram.test(users) ? users.replace(loginOption, `$1 ${hidden}`) : users;
  return logins.replace(run, (word) => (isPlainWord(word) ? word : hidden));
}

/** user:password before an @, in a URL. */
function withoutUserOfUrl(word: string): string {
  const scheme = word.indexOf("://");
  const at = lastLoginSign(word);
  return scheme < 0 || at <= scheme ? word : `${word.slice(0, scheme)}://${hidden}${word.slice(at)}`;
}

/** And without a URL: from where a name begins that has a colon. */
function withoutUserAtHost(word: string): string {
  const at = lastLoginSign(word);
  if (at < 0) return word;
  let start = 0;
  for (const piece of word.slice(0, at).split(/[=/,]/)) {
    if (piece.includes(":")) return `${word.slice(0, start)}${hidden}${word.slice(at)}`;
    start += piece.length + 1;
  }
  return word;
}

/** The last @ that is none of an image's digest; -1: there is none. */
function lastLoginSign(word: string): number {
  let at = word.lastIndexOf("@");
  while (at > 0 && word.startsWith("sha256:", at + 1)) at = word.lastIndexOf("@", at - 1);
  return at;
}

function isPlainWord(word: string): boolean {
  // base64 is hardly ever all in small letters; words are, or begin with one capital.
  const isPath = /^[a-z0-9_/=]+$/.test(word) && word.includes("/") && word.split(/[/=]/).every((name) => name.length < 20);
  return isPath || /^(?:[A-Z]?[a-z]{2,}(?:_|(?=[A-Z])|$))+$/.test(word) || /^=+$/.test(word);
}
