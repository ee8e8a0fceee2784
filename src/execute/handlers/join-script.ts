/**
 * The join runs as a transient systemd unit, so that it outlives the
 * connection and this program, and is found again by its name: a second one is
 * never started while one runs. Its files lie in /run (memory): the
 * configuration with the token and the certificate key is removed when kubeadm
 * ends, whatever came of it.
 */

/** $1 unit, $2 directory. Input: JoinConfiguration, a line "---8<---", the discovery kubeconfig. */
export const startJoinScript = String.raw`set -eu
unit=$1 dir=$2 log=$3 via=$4
umask 077
if systemctl is-active -q "$unit.service"; then echo attached; exit 0; fi
command -v systemd-run >/dev/null
# Should the unit not come into being, or the connection break before it does, no secret stays.
trap '[ $? -eq 0 ] || rm -f "$dir/join.yaml" "$dir/discovery.conf"' EXIT
trap 'exit 1' HUP INT PIPE TERM
mkdir -p "$dir" "$(dirname "$log")"
awk -v a="$dir/join.yaml" -v b="$dir/discovery.conf" 'BEGIN { f = a } $0 == "---8<---" { f = b; next } { print > f }' "$REQUORUM_INPUT"
cat > "$dir/join.sh" <<'JOIN'
#!/bin/sh
dir=$1 log=$2 via=$3
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
cd "$dir"
kubeadm join --config "$dir/join.yaml" > "$log" 2>&1
code=$?
rm -f "$dir/join.yaml" "$dir/discovery.conf"
# Before kubeadm 1.33 the kubelet keeps the server that it was discovered through: give it the endpoint of admin.conf.
if [ $code -eq 0 ] && grep -q "server: $via\$" /etc/kubernetes/kubelet.conf; then
  server=$(sed -n 's/^ *server: //p' /etc/kubernetes/admin.conf | head -n 1)
  sed -i "s|server: $via\$|server: $server|" /etc/kubernetes/kubelet.conf && systemctl restart kubelet.service
fi
if [ $code -eq 0 ]; then systemctl is-enabled -q kubelet.service || systemctl enable kubelet.service >> "$log" 2>&1; fi
echo $code > "$dir/exit-code.new"
mv "$dir/exit-code.new" "$dir/exit-code"
JOIN
systemctl reset-failed "$unit.service" 2>/dev/null || true
systemd-run --quiet --unit="$unit" --property=UMask=0077 --setenv=HOME=/root -- /bin/sh "$dir/join.sh" "$dir" "$log" "$via"
echo started`;

/** $1 unit, $2 directory, $3 log. Prints: running, ended CODE, or none; then the last lines of kubeadm's own words. */
export const pollJoinScript = String.raw`set -u
unit=$1 dir=$2 log=$3
# No answer is not "it does not run": the look fails and is made again.
state=$(systemctl show -p ActiveState --value "$unit.service") && [ -n "$state" ] || exit 1
if [ -f "$dir/exit-code" ]; then echo "ended $(cat "$dir/exit-code")"
elif [ "$state" = active ] || [ "$state" = activating ] || [ "$state" = deactivating ]; then echo running
elif [ -e "$dir" ]; then echo "ended lost"
else echo none; fi
if [ -f "$log" ]; then tail -n 30 "$log" | cut -c 1-400; fi
exit 0`;

/** Units of this step that run now, of whichever attempt. $1: unit name without the attempt. */
export const listJoinsScript = String.raw`set -eu
units=$(systemctl list-units --no-legend --plain --all "$1-*.service")
printf '%s\n' "$units" | awk '$3 == "active" || $3 == "activating" || $3 == "deactivating" { sub(/\.service$/, "", $1); print $1 }'
exit 0`;
