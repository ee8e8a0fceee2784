/** Script lines that SIGKILL a control-plane program on a machine, by argv[0]; nothing when it does not run. */
export function killContainer(program: "etcd" | "kube-apiserver"): string {
  return `for directory in /proc/[0-9]*; do
  name=$(tr '\\0' '\\n' < "$directory/cmdline" 2>/dev/null | head -n 1)
  if [ "\${name##*/}" = "${program}" ]; then kill -9 "\${directory#/proc/}"; fi
done
true
`;
}
