import { redactText } from "../../model/redact.ts";

const hidden = "[not shown]";

/**
 * The text of a configuration file, line by line, as it may stand on a screen
 * and in the log of who calls this. What looks like a secret by its form is
 * taken out, and behind every word that tells of one all that is no path or
 * switch; where it is not sure, the value is not shown. Values of environment
 * variables and of anything else called `value` never are.
 */
export function shownLines(text: string): string {
  let until: Hiding = () => "show";
  return redactText(text)
    .split("\n")
    .map((line) => {
      const fate = until(line);
      if (fate === "hide-last") until = () => "show";
      if (fate !== "show") return line.trim() === "" ? line : `${/^\s*/.exec(line)?.[0] ?? ""}${hidden}`;
      const { shown, next } = shownLine(line);
      until = next;
      return shown;
    })
    .join("\n");
}

/** What becomes of a line behind one whose value may go on. */
type Hiding = (line: string) => "show" | "hide" | "hide-last";

const showAll: Hiding = () => "show";

function deeperThan(column: number): Hiding {
  return (line) => (line.trim() === "" || line.search(/\S/) > column ? "hide" : "show");
}

/** `- value: x`, `value: x`, and `{name: a, value: x}`; quoted names too. */
const valueField = /(^\s*(?:-\s+)*|[{,]\s*)(["']?value["']?\s*:)(?=\s|$|["'])/i;

/** Words that tell of a secret behind them, with the rest of the word that they stand in. */
const telling =
  /(?:password|passwd|passphrase|pass(?![a-z]{2})|(?<![a-z])pw(?![a-z])|_pw|(?<![a-z])pwd|secret|token|credential|psk|api[_-]?key|[_-]key(?![a-z])|(?<![a-z])key(?=\s*=)|(?<![a-z])auth(?![a-z])|authorization|(?<![a-z])basic(?![a-z])|bearer)[\w-]*/i;

/** Behind a telling word: a path, a switch, a time, or nothing. */
const harmless =
  /^[)\]"'\s:=]*(?:\/[\w.-]+\/[\w./-]+|true|false|null|none|yes|no|\d{1,6}[smhd]|(?:(?:Node|RBAC|Webhook|AlwaysAllow|ABAC),?)+|\[(?:removed: secret|not shown)\])?["',;:{}[\]()\s]*$/i;

/** No line of a configuration that a person reads; and the forms are looked for everywhere in it. */
const lineMax = 2000;

function shownLine(line: string): { readonly shown: string; readonly next: Hiding } {
  if (line.length > lineMax) return { shown: hidden, next: deeperThan(line.search(/\S/)) };
  const field = valueField.exec(line);
  if (field !== null) {
    const [all, before = ""] = field;
    const shown = `${line.slice(0, field.index + all.length)} ${hidden}`;
    return { shown, next: deeperThan(before.startsWith("{") || before.startsWith(",") ? Infinity : field.index + before.length) };
  }
  const found = telling.exec(line);
  if (found !== null) {
    const end = found.index + found[0].length;
    const rest = line.slice(end);
    const head = withoutForms(line.slice(0, end));
    const next = goesOn(line, rest);
    if (harmless.test(rest)) return { shown: `${head}${rest}`, next };
    return { shown: `${head}${/^["')\]]?\s*[:=]?\s*/.exec(rest)?.[0] ?? " "}${hidden}`, next };
  }
  return { shown: withoutForms(line), next: showAll };
}

/** Where the value of a telling word stands, or goes on, in the lines behind it. */
function goesOn(line: string, rest: string): Hiding {
  if (/\\\s*$/.test(rest)) return (next) => (/\\\s*$/.test(next) ? "hide" : "hide-last");
  const quotes = rest.match(/"""|'''/g) ?? [];
  const [quote] = quotes;
  if (quote !== undefined && quotes.length === 1) return (next) => (next.includes(quote) ? "hide-last" : "hide");
  const isOpen = /^["']?\s*:\s*(?:[|>][-+\d]*)?\s*$/.test(rest) || /[:=]\s*["'[][^"'\]]*$/.test(rest);
  return isOpen ? deeperThan(line.search(/[^\s-]/)) : showAll;
}

/** user:password before an @, in a URL or without one; never an image's digest. */
const userOfUrl = /(:\/\/)\S*@(?!sha256:)/g;
/** Begins only where a word does, and at its first colon: a line of colons is read in no time. */
const userAtHost = /(?<![^\s"'=/,])[^\s"'=/,][^\s"'=/,:]*:[^\s"']*@(?!sha256:)/g;
/** Options by which programs take users, passwords and headers: curl, mysql, redis-cli, ldapsearch. */
const loginOption = /((?:^|[\s"'])(?:-[upawHx](?![a-z-]*=)|--(?:user|header|proxy-user|proxy)(?=[\s=])))\s*[^\s].*$/;
const isCommandLine =
  /\b(?:curl|wget|mysql\w*|mariadb|psql|redis-cli|ldap\w+|mongo\w*|sshpass|snmp\w+|ipmi\w*|hcloud|openstack|aws|az|gcloud)\b/;
/** Letters and digits in one run, as keys, passwords and hashes have them; a path, a host name or an option has other signs in between. */
const run = /[A-Za-z0-9+/=_]{20,}/g;

function withoutForms(line: string): string {
  const urls = line.replace(userOfUrl, `$1${hidden}@`).replace(userAtHost, `${hidden}@`);
  const logins = isCommandLine.test(urls) ? urls.replace(loginOption, `$1 ${hidden}`) : urls;
  return logins.replace(run, (word) => (isPlainWord(word) ? word : hidden));
}

function isPlainWord(word: string): boolean {
  // base64 is hardly ever all in small letters; words are, or begin with one capital.
  const isPath = /^[a-z0-9_/=]+$/.test(word) && word.includes("/") && word.split(/[/=]/).every((name) => name.length < 20);
  return isPath || /^(?:[A-Z]?[a-z]{2,}_?)+$/.test(word) || /^=+$/.test(word);
}
