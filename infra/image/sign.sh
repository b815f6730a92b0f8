#!/usr/bin/env bash
# Signs the digest and attests its SBOM with the key in Cloud KMS, then checks both: nothing unsigned is deployed.
set -euo pipefail
cosign=.local/release/cosign
reference=$(<.local/release/reference)
# The names of a private project's images are nobody's business: no public transparency log.
private=(--key="$KEY" --tlog-upload=false --use-signing-config=false --yes)

"$cosign" sign "${private[@]}" "$reference"
"$cosign" attest "${private[@]}" --type=spdxjson --predicate=.local/release/sbom.spdx.json "$reference"

"$cosign" verify --key="$KEY" --insecure-ignore-tlog=true "$reference" >/dev/null
"$cosign" verify-attestation --key="$KEY" --insecure-ignore-tlog=true --type=spdxjson "$reference" >/dev/null
