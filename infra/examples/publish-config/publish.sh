#!/usr/bin/env bash
# Packages a folder of manifests, pushes it by digest, signs the digest and only then moves the tag: no cluster ever
# sees the tag on an image that is not signed. README.md says what each variable is.
set -euo pipefail
: "${IMAGE:?the repository, as in us-central1-docker.pkg.dev/my-project/configs/platform}"
: "${TAG:?the tag that RootSyncs and RepoSyncs follow, as in v1}"
: "${KEY:?what cosign signs with, as in gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1}"
MANIFESTS=${MANIFESTS:-"$(dirname "$0")/manifests"}
TOOL=${TOOL:-crane} # crane | oras
FORM=${FORM:-bundle} # bundle (cosign 3) | legacy (cosign 2)
PLAIN_HTTP=${PLAIN_HTTP:-} # anything: a registry without TLS, on this machine

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The same manifests give the same archive, and so the same digest: publishing what is published changes nothing.
tar --create --file="$work/config.tar" --directory="$MANIFESTS" \
  --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX .

case $TOOL in
crane)
  crane append --new_layer="$work/config.tar" --output="$work/image.tar" --new_tag="$IMAGE:$TAG"
  digest=$(crane digest --tarball="$work/image.tar")
  crane push ${PLAIN_HTTP:+--insecure} "$work/image.tar" "$IMAGE@$digest" >/dev/null
  ;;
oras)
  gzip --no-name "$work/config.tar"
  # Without a tag it pushes by digest. The time is fixed, for it would be another image each time otherwise.
  digest=$(cd "$work" && oras push ${PLAIN_HTTP:+--plain-http} --format='go-template={{.digest}}' \
    --annotation=org.opencontainers.image.created=1970-01-01T00:00:00Z \
    "$IMAGE" config.tar.gz:application/vnd.oci.image.layer.v1.tar+gzip)
  ;;
*)
  echo "TOOL is \"$TOOL\": write crane or oras" >&2
  exit 1
  ;;
esac

# Without the public transparency log, which would publish the names of private images.
sign=(--yes --key="$KEY" --tlog-upload=false)
case $FORM in
bundle) sign+=(--new-bundle-format=true) ;;
legacy) sign+=(--new-bundle-format=false) ;;
*)
  echo "FORM is \"$FORM\": write bundle or legacy" >&2
  exit 1
  ;;
esac
# Version 3 would ask the public instance which services there are.
if cosign sign --help 2>&1 | grep -q -- --use-signing-config; then sign+=(--use-signing-config=false); fi
cosign sign "${sign[@]}" ${PLAIN_HTTP:+--allow-http-registry} "$IMAGE@$digest"

crane tag ${PLAIN_HTTP:+--insecure} "$IMAGE@$digest" "$TAG"
echo "$IMAGE:$TAG@$digest"
