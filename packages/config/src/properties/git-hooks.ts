/** Hook that lets a push move nothing but review branches. Runs on the server with reference, old and new commit. */
export const updateHook = (remote: string): string => `#!/bin/sh
# Managed by Slipway.
case $1 in
*[!A-Za-z0-9._/-]*) echo "a branch is named with letters, digits and . _ - / here, not: $1" >&2; exit 1 ;;
refs/heads/review|refs/heads/review/*) exit 0 ;;
refs/heads/main) echo "main moves only by CI: git push ${remote} HEAD:review" >&2 ;;
*) echo "only review is open for pushes: git push ${remote} HEAD:review" >&2 ;;
esac
exit 1
`;

/**
 * Hook that writes one request per moved review branch into slipway/queue: `<ns since 1970>-<commit>.json` with
 * {ref, old, new, at}, `at` being ms since 1970. Written beside, synced, renamed, and the folder synced: when the push is
 * answered the request is on the disk. Only that; whoever reads the queue is told by the file, so no child outlives the push.
 */
export const postReceiveHook = `#!/bin/sh
# Managed by Slipway.
queue=$(pwd -P)/slipway/queue
unset $(git rev-parse --local-env-vars) GIT_PUSH_OPTION_COUNT
umask 022
failed=0
while read -r old new ref; do
  case $ref in refs/heads/review|refs/heads/review/*) ;; *) continue ;; esac
  case $new in *[!0]*) ;; *) continue ;; esac
  ns=$(date +%s%N)
  part=$(mktemp "$queue/.new.XXXXXX") &&
  printf '{"ref":"%s","old":"%s","new":"%s","at":%s}\\n' "$ref" "$old" "$new" "$((ns / 1000000))" >"$part" &&
  chmod 0644 "$part" && sync "$part" && mv "$part" "$queue/$ns-$new.json" && sync "$queue" &&
  echo "queued for CI: $new" || { echo "could not queue $new; CI will find it on $ref" >&2; failed=1; }
done
exit "$failed"
`;
