"""Run by its test as a process of its own: python-digitalocean, as Debian has it, pointed at the local cloud by its environment."""

import json
import sys

import digitalocean as do

account = do.Manager()
# So that there are pages, where it lets one choose.
small = {"per_page": 1}


def shown(one):
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "locked": one.locked,
        "address": one.ip_address or "",
        "tags": one.tags,
    }


def create(new):
    droplet = do.Droplet(
        name=new["name"],
        region=new["region"],
        size_slug=new["size"],
        image=new["image"],
        ssh_keys=[new["key"]],
        tags=new["tags"],
        user_data=new["userData"],
    )
    droplet.create()
    return droplet.id


def droplet(identity):
    return do.Droplet(id=identity)


def act(identity, wanted):
    one = droplet(identity)
    calls = {
        "reboot": one.reboot,
        "shutdown": one.shutdown,
        "power_on": one.power_on,
        "rename": lambda: one.rename(wanted["name"]),
        "snapshot": lambda: one.take_snapshot(wanted["name"]),
    }
    calls[wanted["type"]]()


def made(thing, field="id"):
    thing.create()
    return getattr(thing, field)


def volume(identity):
    return account.get_volume(identity)


def attach(identity, to):
    volume(identity).attach(to, volume(identity).region["slug"])


def detach(identity, of):
    volume(identity).detach(of, volume(identity).region["slug"])


anywhere = ["0.0.0.0/0", "::/0"]


def firewall(name, of):
    return made(
        do.Firewall(
            name=name,
            droplet_ids=[of],
            inbound_rules=[do.InboundRule(protocol="tcp", ports="22", sources=do.Sources(addresses=anywhere))],
            outbound_rules=[
                do.OutboundRule(protocol="tcp", ports="all", destinations=do.Destinations(addresses=anywhere))
            ],
        )
    )


def open_port(identity, port):
    # It has nothing for this but its own way to ask.
    rule = {"protocol": "tcp", "ports": str(port), "sources": {"addresses": anywhere}}
    account.get_data(f"firewalls/{identity}/rules", type="POST", params={"inbound_rules": [rule]})


def put_tag(name, on):
    tag = do.Tag(name=name)
    tag.create()
    tag.add_droplets(str(on))


def change_record(name, identity, new):
    record = do.Record(domain_name=name, id=identity)
    record.load()
    record.data = new["data"]
    record.save()


def project(name):
    one = do.Project(name=name, purpose="Web Application")
    one.create_project()
    return one.id


def fields(one, *names):
    return {name: getattr(one, name) for name in names}


calls = {
    "keys.add": lambda name, key: made(do.SSHKey(name=name, public_key=key)),
    "keys.list": lambda: [fields(key, "id", "name") for key in account.get_all_sshkeys()],
    "keys.remove": lambda identity: do.SSHKey(id=identity).destroy(),
    "droplets.create": create,
    "droplets.one": lambda identity: shown(account.get_droplet(identity)),
    "droplets.list": lambda: [shown(one) for one in account.get_all_droplets(params=dict(small))],
    "droplets.act": act,
    "droplets.remove": lambda identity: droplet(identity).destroy(),
    "snapshots.list": lambda: [fields(one, "id", "name") for one in account.get_droplet_snapshots()],
    "snapshots.remove": lambda identity: do.Snapshot(id=identity).destroy(),
    "tags.put": put_tag,
    "tags.take": lambda name, of: do.Tag(name=name).remove_droplets([of]),
    "tags.remove": lambda name: do.Tag(name=name).delete(),
    "volumes.create": lambda new: made(
        do.Volume(name=new["name"], region=new["region"], size_gigabytes=new["gigabytes"])
    ),
    "volumes.list": lambda: [
        {**fields(one, "id", "name"), "droplets": one.droplet_ids} for one in account.get_all_volumes()
    ],
    "volumes.attach": attach,
    "volumes.detach": detach,
    "volumes.remove": lambda identity: volume(identity).destroy(),
    "firewalls.create": firewall,
    "firewalls.list": lambda: [
        {**fields(one, "id", "name"), "ports": [rule.ports for rule in one.inbound_rules]}
        for one in account.get_all_firewalls()
    ],
    "firewalls.open": open_port,
    "firewalls.remove": lambda identity: do.Firewall(id=identity).destroy(),
    "addresses.create": lambda region: do.FloatingIP(region_slug=region).reserve().ip,
    "addresses.assign": lambda ip, to: do.FloatingIP(ip=ip).assign(to),
    "addresses.unassign": lambda ip, _: do.FloatingIP(ip=ip).unassign(),
    "addresses.list": lambda: [
        {"ip": one.ip, **({"droplet": one.droplet["id"]} if one.droplet else {})}
        for one in account.get_all_floating_ips()
    ],
    "addresses.remove": lambda ip: do.FloatingIP(ip=ip).destroy(),
    "domains.create": lambda name, ip: do.Domain(name=name, ip_address=ip).create(),
    "domains.list": lambda: [one.name for one in account.get_all_domains()],
    "domains.records": lambda name: [
        fields(record, "id", "type", "name", "data") for record in do.Domain(name=name).get_records(params=dict(small))
    ],
    "domains.add": lambda name, record: do.Domain(name=name).create_new_domain_record(**record)["domain_record"]["id"],
    "domains.change": change_record,
    "domains.drop": lambda name, identity: do.Record(domain_name=name, id=identity).destroy(),
    "domains.remove": lambda name: do.Domain(name=name).destroy(),
    "projects.create": project,
    "projects.list": lambda: [fields(one, "id", "name") for one in account.get_all_projects()],
    "projects.put": lambda identity, urn: do.Project(id=identity).assign_resource([urn]),
    "projects.holds": lambda identity: do.Project(id=identity).get_all_resources(),
    "projects.remove": lambda identity: do.Project(id=identity).delete_project(),
}

for line in sys.stdin:
    name, given = json.loads(line)
    try:
        answer = {"value": calls[name](*given)}
    except Exception as error:  # told to the test
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
