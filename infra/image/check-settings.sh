#!/usr/bin/env bash
# Refuses substitutions of cloudbuild.yaml that later steps would misread, each with what it should look like.
set -euo pipefail

failed=0
# VARIABLE PATTERN EXAMPLE
expect() {
  local value=${!1:-}
  [[ $value =~ ^($2)$ ]] && return
  echo "_$1 is \"$value\"; write it as in \"$3\"" >&2
  failed=1
}
project='([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]'
function='[a-z]+'
expect REGION '[a-z]+(-[a-z]+)+[0-9]+' us-central1
expect NAME '[a-z][a-z0-9-]{0,28}[a-z0-9]' countersign
expect FUNCTIONS "$function( $function)*" 'cluster push sweep api'
expect IMAGE "[a-z0-9-]+-docker\.pkg\.dev/$project(/[a-z0-9._-]+)+" us-central1-docker.pkg.dev/my-project/countersign/countersign
expect KEY "gcpkms://projects/$project/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]+/cryptoKeys/[A-Za-z0-9_-]+/cryptoKeyVersions/[0-9]+" gcpkms://projects/my-project/locations/us-central1/keyRings/countersign/cryptoKeys/release/cryptoKeyVersions/1
# With a trigger Cloud Build knows it; `builds submit` takes --substitutions=_REVISION=$(git rev-parse HEAD).
expect REVISION '[0-9a-f]{40}' 0123456789abcdef0123456789abcdef01234567
expect COSIGN_IMAGE '.+@sha256:[0-9a-f]{64}' ghcr.io/sigstore/cosign/cosign:v3.1.3@sha256:…

for name in ${FUNCTIONS:-}; do
  # What is not a name was said above.
  if [[ ! $name =~ ^$function$ ]] || [ -f "functions/$name/main.ts" ]; then continue; fi
  echo "_FUNCTIONS names \"$name\", and there is no functions/$name/main.ts" >&2
  failed=1
done
exit "$failed"
