"""Makes machines with Apache Libcloud: created, waited for, logged into by OpenSSH, cloud-init waited for; prints how long each took."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from libcloud.common.digitalocean import DigitalOcean_v2_Connection
from libcloud.compute.drivers.digitalocean import DigitalOcean_v2_NodeDriver, DigitalOceanNodeDriver

at = urlsplit(os.environ["CLOUD"])


class Local(DigitalOcean_v2_Connection):
    def __init__(self, key, *_, **__):
        super().__init__(key, secure=False, host=at.hostname, port=at.port)


DigitalOcean_v2_NodeDriver.connectionCls = Local
count, at_once, key_file = int(sys.argv[1]), sys.argv[2] == "parallel", sys.argv[3]
began = time.monotonic()


def driver():
    # A driver holds one connection, so each thread has its own.
    return DigitalOceanNodeDriver(os.environ["TOKEN"])


nodes = driver()
with open(f"{key_file}.pub") as file:
    key = nodes.create_key_pair("bench", file.read().strip())
size = next(size for size in nodes.list_sizes() if size.name == "s-1vcpu-1gb")
image = next(image for image in nodes.list_images() if image.extra["slug"] == "debian-12-x64")
location = next(location for location in nodes.list_locations() if location.id == "lon1")


def login(address):
    options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=2"]
    command = ["ssh", "-q", "-F", "none", "-i", key_file]
    for option in options:
        command += ["-o", option]
    while subprocess.call(command + [f"root@{address}", "cloud-init status --wait >/dev/null"]) != 0:
        time.sleep(0.1)


def make(index):
    own = driver()
    made = own.create_node(f"m{index}", size, image, location, ex_create_attr={"ssh_keys": [key.extra["id"]]})
    # What deploy_node waits with, asked four times a second instead of every three.
    [(_, addresses)] = own.wait_until_running([made], wait_period=0.25)
    login(addresses[0])


if at_once:
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(make, range(count)))
else:
    for index in range(count):
        make(index)
print(json.dumps({"ms": (time.monotonic() - began) * 1000}))
