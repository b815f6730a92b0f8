#!/usr/bin/env bash
# Pushes the image, and leaves in .local/release what is needed to sign it: its reference by digest, its SBOM, cosign.
set -euo pipefail
mkdir -p .local/release

docker push --quiet "$IMAGE:$BUILD"
# Other tags and registries may be among them: ours is the one that was pushed.
docker image inspect --format='{{range .RepoDigests}}{{println .}}{{end}}' "$IMAGE:$BUILD" |
  grep --fixed-strings --max-count=1 "$IMAGE@sha256:" >.local/release/reference

copy() { # IMAGE PATH FILE
  local container
  container=$(docker create "$1" none)
  docker cp "$container:$2" "$3"
  docker rm "$container" >/dev/null
}
copy "$IMAGE:$BUILD" /app/sbom.spdx.json .local/release/sbom.spdx.json
copy "$COSIGN_IMAGE" /ko-app/cosign .local/release/cosign
cat .local/release/reference
