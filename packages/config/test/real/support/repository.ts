/** Commits of what {@link makeRepository} makes; the same on every host. */
export const commits = {
  one: "afc17e4b7fc0259a74e670bc4d4f68a6b67dd9ef",
  two: "e9ec9891646d765938578133a580742a78ed8beb",
} as const;

/** Shell script that makes a repository with two commits, tagged v1 and v2, on main. */
export const makeRepository = (path: string): string => `set -e
apt-get install -y -q --no-install-recommends git >/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z
git init -q -b main ${path}
cd ${path}
echo one >text
git add text
git commit -qm one
git tag v1
echo two >text
git commit -qam two
git tag -am v2 v2`;
