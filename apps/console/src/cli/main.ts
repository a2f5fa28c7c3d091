process.stdout.write("Usage: ops <command>\n");
