/**
 * Shell function `boot`: prints what tells one start of the machine from another. In a container the kernel's boot id is the outer
 * machine's, so when PID 1 began belongs to it. What a session saw and what a guard on the host sees must agree, so both use this.
 */
export const bootIdentity = `boot() { { read -r b </proc/sys/kernel/random/boot_id; read -r p </proc/1/stat; } 2>/dev/null; p=\${p##*) }; set -- $p; printf %s "$b-\${20-}"; }`;
