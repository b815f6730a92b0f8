#!/usr/bin/env bash
# Gives each service the image by digest, and its name as the argument. gcloud returns once the new revision is ready
# (its startup probe is /ready) and fails otherwise, which leaves the traffic where it was.
set -euo pipefail
reference=$(<.local/release/reference)
for function in $FUNCTIONS; do
  gcloud run services update "$NAME-$function" --project="$PROJECT" --region="$REGION" \
    --image="$reference" --args="$function" --quiet
done
