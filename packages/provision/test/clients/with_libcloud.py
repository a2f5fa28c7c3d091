"""Run by its test as a process of its own: Apache Libcloud's drivers for DigitalOcean, as Debian has them, with the
environment that makes the local cloud its https://api.digitalocean.com."""

import json
import os
import sys
from types import SimpleNamespace

from libcloud.compute.drivers.digitalocean import DigitalOceanNodeDriver
from libcloud.compute.types import NodeState
from libcloud.dns.drivers.digitalocean import DigitalOceanDNSDriver

nodes = DigitalOceanNodeDriver(os.environ["TOKEN"])
zones = DigitalOceanDNSDriver(os.environ["TOKEN"])
# One to a page, so that there are pages; as an argument this version refuses it.
nodes.ex_per_page = 1
zones.ex_per_page = 1
states = {NodeState.PENDING: "new", NodeState.RUNNING: "active", NodeState.STOPPED: "off"}


def shown(node):
    return {
        "id": int(node.id),
        "name": node.name,
        "status": states.get(node.state, node.state),
        "locked": node.extra["locked"],
        "address": (node.public_ips or [""])[0],
        "tags": node.extra["tags"],
    }


def sure(done):
    if not done:
        raise RuntimeError("refused")


def create(new):
    size = next(size for size in nodes.list_sizes() if size.name == new["size"])
    image = next(image for image in nodes.list_images() if image.extra["slug"] == new["image"])
    location = next(location for location in nodes.list_locations() if location.id == new["region"])
    attributes = {"tags": new["tags"], "ssh_keys": [new["key"]]}
    made = nodes.create_node(
        new["name"], size, image, location, ex_create_attr=attributes, ex_user_data=new["userData"]
    )
    return int(made.id)


def act(identity, wanted):
    node = SimpleNamespace(id=identity)
    calls = {
        "reboot": lambda: nodes.reboot_node(node),
        "shutdown": lambda: nodes.ex_shutdown_node(node),
        "power_on": lambda: nodes.ex_power_on_node(node),
        "rename": lambda: nodes.ex_rename_node(node, wanted["name"]),
        "snapshot": lambda: nodes.create_image(node, wanted["name"]),
    }
    sure(calls[wanted["type"]]())


def volume(identity):
    return next(volume for volume in nodes.list_volumes() if volume.id == identity)


def address(ip):
    return nodes.ex_get_floating_ip(ip)


def zone(name):
    return zones.get_zone(name)


def fields(record):
    return {"id": int(record.id), "type": record.type, "name": record.name, "data": record.data}


calls = {
    "keys.add": lambda name, key: nodes.create_key_pair(name, key).extra["id"],
    "keys.list": lambda: [{"id": key.extra["id"], "name": key.name} for key in nodes.list_key_pairs()],
    "keys.remove": lambda identity: sure(nodes.delete_key_pair(SimpleNamespace(extra={"id": identity}))),
    "droplets.create": create,
    "droplets.one": lambda identity: shown(nodes.ex_get_node_details(identity)),
    "droplets.list": lambda: [shown(node) for node in nodes.list_nodes()],
    "droplets.act": act,
    "droplets.remove": lambda identity: sure(nodes.destroy_node(SimpleNamespace(id=identity))),
    # A snapshot of a machine is an image to it.
    "snapshots.list": lambda: [
        {"id": str(image.id), "name": image.name} for image in nodes.list_images() if not image.extra["public"]
    ],
    "snapshots.remove": lambda identity: sure(nodes.delete_image(SimpleNamespace(id=identity))),
    "volumes.create": lambda new: nodes.create_volume(
        new["gigabytes"], new["name"], SimpleNamespace(id=new["region"])
    ).id,
    "volumes.list": lambda: [
        {"id": one.id, "name": one.name, "droplets": one.extra["droplet_ids"]} for one in nodes.list_volumes()
    ],
    "volumes.attach": lambda identity, droplet: sure(
        nodes.attach_volume(SimpleNamespace(id=droplet), volume(identity))
    ),
    "volumes.detach": lambda identity, _: sure(nodes.detach_volume(volume(identity))),
    "volumes.remove": lambda identity: sure(nodes.destroy_volume(volume(identity))),
    "addresses.create": lambda region: nodes.ex_create_floating_ip(SimpleNamespace(id=region)).ip_address,
    "addresses.assign": lambda ip, droplet: sure(
        nodes.ex_attach_floating_ip_to_node(SimpleNamespace(id=droplet), address(ip))
    ),
    "addresses.unassign": lambda ip, _: sure(nodes.ex_detach_floating_ip_from_node(None, address(ip))),
    "addresses.list": lambda: [
        {"ip": one.ip_address, **({} if one.node_id is None else {"droplet": one.node_id})}
        for one in nodes.ex_list_floating_ips()
    ],
    "addresses.remove": lambda ip: sure(address(ip).delete()),
    "domains.create": lambda name, ip: zones.create_zone(name, extra={"ip": ip}) and None,
    "domains.list": lambda: [one.domain for one in zones.list_zones()],
    "domains.records": lambda name: [fields(record) for record in zones.list_records(zone(name))],
    "domains.add": lambda name, record: int(
        zones.create_record(record["name"], zone(name), record["type"], record["data"], extra={"ttl": 300}).id
    ),
    "domains.change": lambda name, identity, record: zones.update_record(
        zones.get_record(name, identity), data=record["data"]
    )
    and None,
    "domains.drop": lambda name, identity: sure(zones.delete_record(zones.get_record(name, identity))),
    "domains.remove": lambda name: sure(zones.delete_zone(zone(name))),
}

for line in sys.stdin:
    name, given = json.loads(line)
    try:
        answer = {"value": calls[name](*given)}
    except Exception as error:  # told to the test
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
