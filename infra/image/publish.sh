#!/usr/bin/env bash
# Publishes the command beside the image, where its readers may read already: an image of its files and nothing else.
set -euo pipefail
files=.local/release/cli
printf 'FROM scratch\nCOPY . /\n' |
  docker build --quiet --tag "$IMAGE-cli:$BUILD" --file - "$files" >/dev/null
docker push --quiet "$IMAGE-cli:$BUILD"
