#!/usr/bin/env bash
# Copies crane, oras and cosign out of their images into bin.
set -euo pipefail
mkdir -p bin
take() { # IMAGE PATH
  local container
  container=$(docker create "$1" none)
  docker cp "$container:$2" bin/
  docker rm "$container" >/dev/null
}
take "$CRANE_IMAGE" /ko-app/crane
take "$ORAS_IMAGE" /bin/oras
take "$COSIGN_IMAGE" /ko-app/cosign
