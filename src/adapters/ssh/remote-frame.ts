import { quoteShellWord } from "./quote-shell-word.ts";

/**
 * What travels over one SSH session. The remote command line is a constant
 * program (plus a nonce); scripts, arguments and secrets go over stdin.
 *
 *   remote -> stderr  "NONCE here"      the login shell is there     } only where a round
 *   local  -> stdin   an empty line, and what follows at once         } trip is measured
 *   remote -> stderr  "NONCE answered"                                }
 *   local  -> stdin   text of the script, ended by "#NONCE"; then end of file
 *   remote -> both    "NONCE begin"   the shell is there, as the wanted user; what login shells print before is nobody's answer
 *   remote -> both    "NONCE end 17"  the script's own exit status, after all of its output
 *
 * A text without its last line is never run: a connection that breaks while
 * the script is sent leaves nothing half done. Without "end" nothing is known
 * about the script, whatever ssh's own exit code is.
 *
 * The remote login shell may be any that knows single quotes (sh, bash, zsh,
 * fish, csh), so the program stands on one line.
 */

/** Directories that a non-interactive login may miss: kubeadm and etcdctl often live in /usr/local/bin, ip and nft in /usr/sbin. */
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin";

/** Becomes root if asked to, then runs the program given as $3. Prints "shell" first, so that sudo's refusal is told apart from ssh's. */
const entrance =
  'if [ "$1" = root ] && [ "$(id -u)" != 0 ]; then printf "%s shell\\n" "$2" >&2; exec sudo -n -- sh -c "$3" requorum "$@"; else eval "$3"; fi';

/** Answers one line with one line first: a round trip without the start of a process in it, and before root is asked for. */
const measuredEntrance = `printf "%s here\\n" "$2" >&2; IFS= read -r requorum_x; printf "%s answered\\n" "$2" >&2; ${entrance}`;

const begin = `requorum_n=$2; LC_ALL=C; PATH=$PATH:${searchPath}; export LC_ALL PATH; printf "%s begin\\n" "$requorum_n"; printf "%s begin\\n" "$requorum_n" >&2`;
const end = 'printf "%s end %s\\n" "$requorum_n" "$requorum_r" >&2; printf "%s end %s\\n" "$requorum_n" "$requorum_r"';

/** Reads the whole text first; its last line proves that it is whole. */
const runScript = [
  begin,
  "requorum_c=$(cat)",
  'case $requorum_c in *"#$requorum_n") ( eval "$requorum_c" ) </dev/null; requorum_r=$? ;; *) requorum_r=torn ;; esac',
  end,
].join("; ");

/** $4 path, $5 mode, $6 sha256. The temporary name starts with a dot: the kubelet reads every other file of its manifest directory. */
const storeFile = [
  `${begin}; requorum_r=1; requorum_d=$(dirname -- "$4")`,
  'if requorum_t=$(mktemp "$requorum_d/.requorum-upload.XXXXXX")',
  `then trap 'rm -f "$requorum_t"' EXIT; trap "exit 1" HUP INT TERM PIPE`,
  'if cat > "$requorum_t"',
  'then requorum_s=$(sha256sum < "$requorum_t")',
  'if [ "${requorum_s%% *}" = "$6" ]',
  'then chmod "$5" "$requorum_t" && sync "$requorum_t" && mv -fT -- "$requorum_t" "$4" && sync "$requorum_d" && requorum_r=0',
  "else requorum_r=corrupt",
  `fi; fi; rm -f "$requorum_t"; fi`,
  end,
].join("; ");

const programs = { runScript, storeFile } as const;
export type RemoteProgram = keyof typeof programs;

/** The command line for ssh: constant but for the nonce and, for storeFile, path, mode and checksum. */
export function remoteCommandLine(
  program: RemoteProgram,
  options: { readonly nonce: string; readonly asRoot: boolean; readonly isMeasured?: boolean; readonly args?: readonly string[] },
): string {
  const words = [
    "sh",
    "-c",
    options.isMeasured === true ? measuredEntrance : entrance,
    "requorum",
    options.asRoot ? "root" : "user",
    options.nonce,
    programs[program],
    ...(options.args ?? []),
  ];
  return words.map((word, index) => (index < 2 ? word : quoteShellWord(word))).join(" ");
}

/** What goes over stdin for runScript. */
export function scriptPayload(request: {
  readonly nonce: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly input: Uint8Array | undefined;
}): string {
  const parameters = `set -- ${request.args.map(quoteShellWord).join(" ")}`;
  if (request.input === undefined) return `${parameters}\n${request.script}\n#${request.nonce}`;
  return [
    `requorum_d=/run; [ -w /run ] || requorum_d=\${XDG_RUNTIME_DIR:-/dev/shm}`,
    `REQUORUM_INPUT=$(umask 077; mktemp "$requorum_d/requorum-input.XXXXXX") || exit 125`,
    `export REQUORUM_INPUT`,
    `trap 'rm -f "$REQUORUM_INPUT"' EXIT; trap 'exit 129' HUP INT TERM PIPE`,
    // printf is a builtin of every sh in use: the text is on no command line.
    `printf %s ${quoteShellWord(Buffer.from(request.input).toString("base64"))} | base64 -d > "$REQUORUM_INPUT" || exit 125`,
    `( ${parameters}; eval ${quoteShellWord(request.script)} )`,
    `exit $?`,
    `#${request.nonce}`,
  ].join("\n");
}

/** "torn": the text did not arrive whole and was not run. "corrupt": an upload's checksum did not match. */
export type RemoteEnd = { readonly kind: "exited"; readonly exitCode: number } | { readonly kind: "torn" } | { readonly kind: "corrupt" };

/** One stream of a session: collects bytes until its "end" line, and keeps them apart from what ssh itself prints. */
export class FrameStream {
  readonly #nonce: string;
  readonly #chunks: Buffer[] = [];
  #tail: Buffer = Buffer.alloc(0);
  #endAt: { readonly offset: number; readonly word: string } | undefined;
  #sizeBytes = 0;
  /** Behind the line "begin". */
  #beginsAt: number | undefined;

  constructor(nonce: string) {
    this.#nonce = nonce;
  }

  /** Of what the script printed so far; 0 before "begin". */
  get scriptSizeBytes(): number {
    return this.#beginsAt === undefined ? 0 : this.#sizeBytes - this.#beginsAt;
  }

  /** Of what came before "begin": ssh's words, and the login shell's. */
  get noiseSizeBytes(): number {
    return this.#beginsAt ?? this.#sizeBytes;
  }

  push(chunk: Buffer): void {
    if (this.#endAt !== undefined) return; // a process that the script left behind
    const window = Buffer.concat([this.#tail, chunk]);
    const windowStart = this.#sizeBytes - this.#tail.length;
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    const begin = `${this.#nonce} begin\n`;
    const beginAt = this.#beginsAt === undefined ? window.indexOf(begin) : -1;
    if (beginAt >= 0) this.#beginsAt = windowStart + beginAt + begin.length;
    const marker = `${this.#nonce} end `;
    const at = window.indexOf(marker);
    const newline = at < 0 ? -1 : window.indexOf("\n", at);
    if (newline >= 0) this.#endAt = { offset: windowStart + at, word: window.toString("latin1", at + marker.length, newline) };
    // Longest that an end line can be: nonce, " end ", a word. A marker cut in two must still be found.
    this.#tail = window.subarray(Math.max(0, window.length - (marker.length + 16)));
  }

  /** undefined: not yet seen. */
  get end(): RemoteEnd | undefined {
    if (this.#endAt === undefined) return undefined;
    const { word } = this.#endAt;
    if (word === "torn" || word === "corrupt") return { kind: word };
    return { kind: "exited", exitCode: Number.parseInt(word, 10) };
  }

  has(marker: "here" | "answered" | "shell" | "begin"): boolean {
    return Buffer.concat(this.#chunks).includes(`${this.#nonce} ${marker}\n`);
  }

  /** What the script printed. Everything up to "begin" is ssh's, sudo's or the login shell's. */
  scriptBytes(): Buffer {
    return Buffer.concat(this.#chunks).subarray(this.#beginsAt ?? 0, this.#endAt?.offset);
  }

  /** Everything without our own markers: ssh's words and the script's, for error texts. */
  allText(): string {
    return Buffer.concat(this.#chunks)
      .toString("utf8")
      .replaceAll(new RegExp(`${this.#nonce} (here|answered|shell|begin|end .*)\n`, "g"), "");
  }
}
