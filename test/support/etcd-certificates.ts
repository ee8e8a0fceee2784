import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const openssl = (directory: string, args: readonly string[]) => run("openssl", args, { cwd: directory, timeout: 30_000 });

export interface CertificateFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** A throw-away certificate authority in a directory, through the openssl program (3.x). */
export class TestAuthority {
  readonly #directory: string;
  readonly #name: string;

  private constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  static async make(directory: string, name: string): Promise<TestAuthority> {
    await openssl(directory, [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-addext",
      "basicConstraints=critical,CA:TRUE",
      "-addext",
      "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.crt`,
    ]);
    return new TestAuthority(directory, name);
  }

  get caFile(): string {
    return join(this.#directory, `${this.#name}.crt`);
  }

  /** For server and client use. `isExpired`: valid for one day, two years ago. `until`: valid for one day, to then. */
  async issue(
    name: string,
    options: { readonly names: readonly string[]; readonly isExpired?: boolean; readonly until?: Date; readonly organization?: string },
  ): Promise<CertificateFiles> {
    const subject = options.organization === undefined ? `/CN=${name}` : `/O=${options.organization}/CN=${name}`;
    const alternatives = options.names.map((one) => (/^[\d.]+$/.test(one) ? `IP:${one}` : `DNS:${one}`)).join(",");
    await openssl(this.#directory, [
      "req",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-subj",
      subject,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    ]);
    await writeFile(
      join(this.#directory, `${name}.ext`),
      `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n`,
    );
    // `openssl x509` of 3.0 cannot set a start date, `openssl ca` can: it wants a database of its own.
    const configuration = `[ca]\ndefault_ca=x\n[x]\ndatabase=${name}.db\nnew_certs_dir=.\nserial=${name}.srl\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\norganizationName=optional\n`;
    await writeFile(join(this.#directory, `${name}.cnf`), configuration);
    await writeFile(join(this.#directory, `${name}.db`), "");
    await writeFile(join(this.#directory, `${name}.srl`), `${Buffer.from(name).toString("hex").slice(0, 30)}01\n`);
    const now = Date.now();
    const day = 86_400_000;
    const end = options.until?.getTime() ?? (options.isExpired === true ? now - 730 * day : undefined);
    const [from, to] = end === undefined ? [now - day / 24, now + 2 * day] : [end - day, end];
    await openssl(this.#directory, [
      "ca",
      "-batch",
      "-notext",
      "-config",
      `${name}.cnf`,
      "-cert",
      `${this.#name}.crt`,
      "-keyfile",
      `${this.#name}.key`,
      "-extfile",
      `${name}.ext`,
      "-startdate",
      asn1Time(from),
      "-enddate",
      asn1Time(to),
      "-in",
      `${name}.csr`,
      "-out",
      `${name}.crt`,
    ]);
    return { ca: this.caFile, certificate: join(this.#directory, `${name}.crt`), key: join(this.#directory, `${name}.key`) };
  }
}

function asn1Time(ms: number): string {
  return `${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
}
