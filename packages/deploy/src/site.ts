import { sh } from "@slipway/model";
import { fail } from "./errors.ts";
import { get } from "./gate.ts";
import { siteDigest, sitePath } from "./nginx.ts";
import { siteSum } from "./observe.ts";
import type { Target } from "./target.ts";

const invalid = "slipway-site-invalid";

/**
 * Installs an application's site (`undefined`: removes it): checked by nginx as part of its whole configuration, put back when that refuses
 * it, then loaded. Resolves when nginx answers with the new site; a reload alone returns before the new workers serve.
 */
export async function installSite(
  target: Target,
  text: string | undefined,
  options: { readonly takesDefault: boolean; readonly listen: number },
): Promise<void> {
  const { site, siteMark } = target.paths;
  const present = await target.connection.exec(["sh", "-c", "command -v nginx || [ -x /usr/sbin/nginx ]"]);
  if (present.status !== 0) {
    if (text === undefined) return;
    throw fail("deploy.no-nginx", `${target.connection.host} has no nginx`);
  }
  const wanted = text ?? "";
  // Debian's welcome page would answer for every name that has no site.
  const welcome = "/etc/nginx/sites-enabled/default";
  const out = await target.change(
    "install the nginx site",
    sh`PATH=$PATH:/usr/sbin:/sbin
site=${site} mark=${siteMark} welcome=${welcome}
new=$site.new old=$site.old
rm -f "$mark"
cat > "$new"
sync "$new"
had=no
if [ -e "$site" ]; then had=yes; cp -p "$site" "$old"; fi
welcomed=
if [ ${options.takesDefault ? "yes" : "no"} = yes ] && [ -L "$welcome" ]; then welcomed=$(readlink "$welcome"); rm "$welcome"; fi
if [ -s "$new" ]; then mv "$new" "$site"; else rm -f "$new" "$site"; fi
if ! said=$(nginx -t 2>&1); then
  if [ "$had" = yes ]; then mv "$old" "$site"; else rm -f "$site"; fi
  [ -z "$welcomed" ] || ln -s "$welcomed" "$welcome"
  printf '%s %s\n' ${invalid} "$said"
  exit 0
fi
rm -f "$old"
sync "$(dirname "$site")"
if kill -0 "$(cat /run/nginx.pid 2>/dev/null)" 2>/dev/null; then nginx -s reload
elif [ -d /run/systemd/system ]; then systemctl enable --now nginx
else nginx; fi`,
    wanted,
  );
  if (out.includes(invalid))
    throw fail(
      "deploy.nginx",
      `nginx on ${target.connection.host} refuses the site: ${out.replace(invalid, "").trim().slice(0, 500)}`,
    );
  if (text === undefined) return;
  await answers(target, text, options.listen);
  await target.write(siteMark, `${siteSum(text)}\n`, { mode: "0644" });
}

const loadDeadlineMs = 15_000;

async function answers(target: Target, text: string, listen: number): Promise<void> {
  const digest = siteDigest(text);
  const host = /server_name (\S+);/.exec(text)?.[1] ?? "_";
  const headers = host === "_" ? {} : { Host: host.replace(/^\*/, "any") };
  const end = target.clock.monotonic() + loadDeadlineMs;
  for (;;) {
    const seen = await get(target.connection, listen, sitePath, 2_000, headers).then(
      ({ status, body }) => (status === 200 ? body.trim() : `status ${status}`),
      (error: unknown) => String(error),
    );
    if (seen === digest) return;
    if (target.clock.monotonic() >= end)
      throw fail(
        "deploy.nginx",
        `nginx on ${target.connection.host} does not serve the new site: ${seen} ≠ ${digest}`,
        {
          hint: "Does another site answer for this name or port? `nginx -T` on the host shows all of them.",
        },
      );
    await target.clock.sleep(20, target.signal);
  }
}
