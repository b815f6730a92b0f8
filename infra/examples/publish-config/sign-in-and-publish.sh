#!/usr/bin/env bash
# As the build's service account; what `gcloud auth configure-docker` does in Google's guide, for the registry of IMAGE alone.
set -euo pipefail
gcloud auth configure-docker "${IMAGE%%/*}" --quiet
PATH="$PWD/bin:$PATH" exec bash publish.sh
