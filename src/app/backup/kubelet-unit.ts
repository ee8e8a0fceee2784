/** What settings of the kubelet say as a unit of systemd, a drop-in, or a file of its environment: read as systemd.service(5) and systemd.exec(5) have it. */

/** A piece of text in which flags of the kubelet may stand. */
export interface Said {
  /** `$NAME` of a variable, the setting's name, or "": what is neither. */
  readonly by: string;
  readonly text: string;
}

export interface UnitText {
  readonly said: readonly Said[];
  /** Settings by which the same flags would lead elsewhere: other programs, directories, mounts, variables of elsewhere, conditions. */
  readonly settings: readonly Said[];
  /** Variables whose value is a path or a URL by itself: a command of another file may put it behind a flag. */
  readonly paths: readonly Said[];
  /** Without their signs, such as "-". */
  readonly environmentFiles: readonly string[];
}

const section = /^[ \t]*\[[A-Za-z-]+\][ \t]*$/m;
const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=([^]*)$/;
const leading =
  /^(?:Exec\w*|WorkingDirectory|Root\w+|\w+Paths|Mount\w+|Extension\w+|TemporaryFileSystem|(?:Pass|Unset)Environment|(?:Condition|Assert)\w+)$/;
/** Variables that programs of any kind read; none leads to static pods. */
const ofAnyProgram = /^(?:PATH|HOME|TMPDIR|SSL_CERT_(?:FILE|DIR)|\w*_proxy)$/i;

/** UTF-16 units of one command; more is not expanded, as variables of variables could go on without end. */
const expandedMax = 65_536;

/** Of a text without comments, its continued lines joined. Each pattern begins in one place of a line only. */
export function readUnitText(text: string): UnitText {
  const isUnit = section.test(text);
  const variables = new Map<string, string>();
  const [others, commands, settings, environmentFiles]: [Said[], Said[], Said[], string[]] = [[], [], [], []];
  const unread: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, key = "", value = ""] = assignment.exec(line) ?? [];
    if (key === "") unread.push(line);
    else if (key === "Environment") assign(variables, value);
    else if (key === "EnvironmentFile") environmentFiles.push(value.replaceAll(/["']/g, "").trim().replace(/^-/, ""));
    else if (key.startsWith("Exec")) commands.push({ by: key, text: value.trim() });
    else if (leading.test(key)) settings.push({ by: key, text: value.trim() });
    else if (isUnit) others.push({ by: key, text: value });
    else variables.set(key, value.trim());
  }
  const expanded = commands.map((command) => ({ ...command, text: expand(command.text, variables) }));
  const values = [...variables].map(([name, value]) => ({ by: `$${name}`, text: value }));
  return {
    said: [{ by: "", text: unread.join("\n") }, ...values, ...expanded, ...others],
    settings: [
      ...expanded.map((command) => ({ ...command, text: isKubelet(command) ? kubeletWords(command) : command.text })),
      ...settings,
    ],
    paths: values
      .map(({ by, text: value }) => ({ by, text: splitWords(value).join(" ") }))
      .filter(({ by, text: value }) => value.includes("/") && !value.startsWith("-") && !ofAnyProgram.test(by.slice(1))),
    environmentFiles,
  };
}

/** An ExecStart= of the kubelet itself, whose flags are read. */
export function isKubelet({ by, text }: Said): boolean {
  const program = (splitWords(text)[0] ?? "").replace(/^[-@:+!|]+/, "");
  return by === "ExecStart" && program.startsWith("/") && program.endsWith("/kubelet");
}

/** The program, and the variables that only other files say: the rest are flags. */
function kubeletWords({ text }: Said): string {
  const [program = "", ...words] = splitWords(text);
  return [program, ...words.filter((word) => word.startsWith("$"))].join(" ");
}

/** `Environment=`: the later one of a name counts, and an empty one takes back all. */
function assign(variables: Map<string, string>, value: string): void {
  if (value.trim() === "") variables.clear();
  for (const word of splitWords(value)) {
    const at = word.indexOf("=");
    if (at > 0) variables.set(word.slice(0, at), word.slice(at + 1));
  }
}

function expand(command: string, variables: ReadonlyMap<string, string>): string {
  let length = command.length;
  return command.replaceAll(/\$\{(\w+)\}|\$(\w+)/g, (found, braced: string | undefined, bare: string | undefined) => {
    const value = variables.get(braced ?? bare ?? "");
    length += value?.length ?? 0;
    return value === undefined || length > expandedMax ? found : value;
  });
}

/** Words as systemd.syntax(7) splits them; a quote that is not closed goes on to the end. */
function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let [word, quote]: (string | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === "\\" && quote !== "'") word = (word ?? "") + text.charAt((at += 1));
    else if (sign === quote) quote = undefined;
    else if (quote === undefined && /["']/.test(sign)) [quote, word] = [sign, word ?? ""];
    else if (quote === undefined && /\s/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + sign;
  }
  return word === undefined ? words : [...words, word];
}
