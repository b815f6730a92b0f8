#!/usr/bin/env bash
# Signs the digest, its SBOM and the checksums of the command with the key in Cloud KMS, then checks all three: nothing
# unsigned is deployed or published.
set -euo pipefail
cosign=.local/release/cosign
reference=$(<.local/release/reference)
# The names of a private project's images stay private: no public transparency log.
private=(--key="$KEY" --tlog-upload=false --use-signing-config=false --yes)

"$cosign" sign "${private[@]}" "$reference"
"$cosign" attest "${private[@]}" --type=spdxjson --predicate=.local/release/sbom.spdx.json "$reference"

"$cosign" verify --key="$KEY" --insecure-ignore-tlog=true "$reference" >/dev/null
"$cosign" verify-attestation --key="$KEY" --insecure-ignore-tlog=true --type=spdxjson "$reference" >/dev/null

sums=.local/release/cli/SHA256SUMS
"$cosign" sign-blob "${private[@]}" --bundle="$sums.sigstore.json" "$sums" >/dev/null
"$cosign" verify-blob --key="$KEY" --insecure-ignore-tlog=true --bundle="$sums.sigstore.json" "$sums"
