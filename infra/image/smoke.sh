#!/usr/bin/env bash
# Every service must run what was just built, in its newest revision, with all of the traffic.
set -euo pipefail
reference=$(<.local/release/reference)
failed=0
for function in $FUNCTIONS; do
  # CSV, for a missing value would shift the fields of other formats.
  IFS=, read -r image created ready revision percent < <(
    gcloud run services describe "$NAME-$function" --project="$PROJECT" --region="$REGION" \
      --format='csv[no-heading](spec.template.spec.containers[0].image,status.latestCreatedRevisionName,status.latestReadyRevisionName,status.traffic[0].revisionName,status.traffic[0].percent)'
  )
  if [ "$image" = "$reference" ] && [ -n "$created" ] && [ "$created" = "$ready" ] && [ "$ready" = "$revision" ] && [ "$percent" = 100 ]; then
    echo "$NAME-$function: $revision runs ${reference##*@}"
  else
    echo "$NAME-$function runs $image: newest revision $created, newest ready one $ready, traffic $percent % to $revision" >&2
    failed=1
  fi
done
exit "$failed"
