/** Public key of a repository that only tests make. */
export const publicKey = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawhykhYJKwYBBAHaRw8BAQdAW65LB7cQ67c/o/wrdgMt1R3vgaXys68J/bH5
qIamBn+0IlRlc3QgcmVwb3NpdG9yeSA8dGVzdEBleGFtcGxlLm9yZz6IkAQTFggA
OBYhBA43PKaCPqoIE0QBXvgs9m58sMEtBQJrCHKSAhsDBQsJCAcCBhUKCQgLAgQW
AgMBAh4BAheAAAoJEPgs9m58sMEtsl8A/3LPeyQm8jPkr+3kyTHI8xB43lzX3aoF
lWYnWHET/Hs/AQCNjSXp3rxVqB3C9RslhzbszzUB4QJR5Ki4Jiu1JpOCCA==
=pKzg
-----END PGP PUBLIC KEY BLOCK-----
`;
// Its private half, to sign what the tests make; nothing else trusts it.
const privateKey =
  "lFgEawhykhYJKwYBBAHaRw8BAQdAW65LB7cQ67c/o/wrdgMt1R3vgaXys68J/bH5qIamBn8AAQD7Yki+EZcrXM9VcBT9aVg+ObR9hrR08mtutwpZJQuFZw5QtCJUZXN0IHJlcG9zaXRvcnkgPHRlc3RAZXhhbXBsZS5vcmc+iJAEExYIADgWIQQONzymgj6qCBNEAV74LPZufLDBLQUCawhykgIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRD4LPZufLDBLbJfAP9yz3skJvIz5K/t5MkxyPMQeN5c192qBZVmJ1hxE/x7PwEAjY0l6d68VagdwvUbJYc27M81AeECUeSouCYrtSaTggg=";

const packages = "docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin";

/**
 * Shell script that makes a signed apt repository in /srv/docker, laid out as docker.com's, with two versions of packages that
 * hold no more than a service which sleeps.
 */
export const makeRepository = `set -e
s=$(. /etc/os-release && echo "$VERSION_CODENAME")
export DEBIAN_FRONTEND=noninteractive GNUPGHOME=$(mktemp -d)
apt-get install -y -q --no-install-recommends gpg gpg-agent >/dev/null
cd "$(mktemp -d)"
for v in 27.3.1 28.0.0; do for p in ${packages}; do
d=$p-$v; mkdir -p "$d/DEBIAN"
printf 'Package: %s\\nVersion: 5:%s-1~test\\nArchitecture: amd64\\nMaintainer: test <test@example.org>\\nDescription: test\\n' "$p" "$v" >"$d/DEBIAN/control"
[ "$p" != docker-ce ] || {
printf 'Conflicts: docker.io\\nReplaces: docker.io\\n' >>"$d/DEBIAN/control"
mkdir -p "$d/usr/lib/systemd/system"
printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >"$d/usr/lib/systemd/system/docker.service"
}
mkdir -p /srv/docker/pool
dpkg-deb --root-owner-group --build "$d" "/srv/docker/pool/$p-$v.deb" >/dev/null
done; done
cd /srv/docker
b=dists/$s/stable/binary-amd64
mkdir -p "$b"
for f in pool/*.deb; do dpkg-deb -f "$f"; printf 'Filename: %s\\nSize: %s\\nSHA256: %s\\n\\n' "$f" "$(stat -c %s "$f")" "$(sha256sum <"$f" | cut -c 1-64)"; done >"$b/Packages"
cd "dists/$s"
printf 'Suite: %s\\nCodename: %s\\nComponents: stable\\nArchitectures: amd64\\nDate: %s\\nSHA256:\\n %s %s stable/binary-amd64/Packages\\n' "$s" "$s" "$(date -Ru)" "$(sha256sum <stable/binary-amd64/Packages | cut -c 1-64)" "$(stat -c %s stable/binary-amd64/Packages)" >Release
echo ${privateKey} | base64 -d | gpg --batch --quiet --import
gpg --batch --quiet --clearsign -o InRelease Release`;
