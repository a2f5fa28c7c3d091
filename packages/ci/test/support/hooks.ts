/** What @slipway/config's git.server puts into a repository, as small as it can be. */
export const updateHook = `#!/bin/sh
case "$1" in
  refs/heads/review | refs/heads/review/*) exit 0 ;;
esac
echo "only review may be pushed: $1 is moved by the CI" >&2
exit 1
`;

export const postReceiveHook = `#!/bin/sh
queue="$(cd "$(dirname "$0")/.." && pwd)/slipway/queue"
unset $(git rev-parse --local-env-vars)
mkdir -p "$queue"
while read -r old new ref; do
  name="$(date +%s%N)-$new"
  printf '{"ref":"%s","old":"%s","new":"%s","at":%s}\\n' "$ref" "$old" "$new" "$(date +%s)" >"$queue/.$name"
  sync "$queue/.$name"
  mv "$queue/.$name" "$queue/$name.json"
done
`;
