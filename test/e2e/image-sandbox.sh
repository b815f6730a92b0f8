#!/usr/bin/env bash
# Process 1 of a container: ROOT WORKDIR VARIABLE=VALUE… COMMAND…, in namespaces of its own (image-sandbox.ts).
set -euo pipefail
root=$1 workdir=$2
shift 2
# What a volume or a device is mounted on must be there before nothing can be written.
mkdir -p "$root"/{tmp,proc,dev}
touch "$root/dev/null"
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --bind /dev/null "$root/dev/null"
ip link set lo up 2>/dev/null || ifconfig lo up
variables=()
while [[ $1 == *=* ]]; do
  variables+=("$1")
  shift
done
exec env -i "${variables[@]}" /usr/bin/unshare --root="$root" --wd="$workdir" -- "$@"
