"""Run by its test as a process of its own: Hetzner's python library, as Debian has it. Given an endpoint, a token and a public key it makes a
server and what belongs to it, changes all of it, and removes it; what it saw on the way is one line of JSON."""

import json
import os

from hcloud import APIException, Client
from hcloud.firewalls.domain import FirewallResource, FirewallRule
from hcloud.images.domain import Image
from hcloud.locations.domain import Location
from hcloud.server_types.domain import ServerType

cloud = Client(token=os.environ["TOKEN"], api_endpoint=os.environ["ENDPOINT"], poll_interval=0.2)
seen = {}


def finish(*actions):
    for action in actions:
        action.wait_until_finished(300)


def refused(call):
    try:
        call()
    except APIException as error:
        return error.code
    return "nothing"


fsn1 = Location(name="fsn1")
anywhere = ["0.0.0.0/0", "::/0"]
key = cloud.ssh_keys.create("me", os.environ["KEY"], labels={"of": "me"})
seen["key"] = [one.name for one in cloud.ssh_keys.get_all(label_selector="of=me")]
seen["again"] = refused(lambda: cloud.ssh_keys.create("two", os.environ["KEY"]))
rule = FirewallRule(direction="in", protocol="tcp", port="22", source_ips=anywhere, description="ssh")
firewall = cloud.firewalls.create("front", rules=[rule]).firewall
volume = cloud.volumes.create(size=10, name="data", location=fsn1, format="ext4").volume
made = cloud.servers.create(
    name="web",
    server_type=ServerType(name="cx23"),
    image=Image(name="debian-12"),
    location=fsn1,
    ssh_keys=[key],
    volumes=[volume],
    firewalls=[firewall],
    labels={"role": "web"},
    automount=False,
)
finish(made.action, *made.next_actions)
server = cloud.servers.get_by_name("web")
ip = server.public_net.ipv4.ip
seen["server"] = [server.status, server.data_model.labels, [one.id == volume.id for one in server.volumes]]
applied = cloud.firewalls.get_by_id(firewall.id).applied_to
seen["firewall"] = [one.server.id == server.id for one in applied]

finish(server.change_dns_ptr(ip, "web.example.org"))
server.reload()
seen["pointer"] = [server.public_net.ipv4.dns_ptr, cloud.primary_ips.get_all()[0].dns_ptr[0]["dns_ptr"]]
finish(server.change_protection(delete=True, rebuild=True))
seen["protected"] = refused(server.delete)
finish(server.change_protection(delete=False, rebuild=False))
finish(server.power_off())
finish(server.power_on())
image = server.create_image(description="kept", type="snapshot")
finish(image.action)
seen["images"] = [one.description for one in cloud.images.get_all(type="snapshot")]
image.image.delete()

seen["in use"] = [refused(volume.delete), refused(firewall.delete)]
finish(volume.detach())
finish(volume.resize(12))
seen["volume"] = [cloud.volumes.get_by_id(volume.id).size, len(volume.get_actions())]
for action in firewall.remove_from_resources([FirewallResource(type="server", server=server)]):
    finish(action)
address = cloud.floating_ips.create(type="ipv4", home_location=fsn1, name="stable").floating_ip
finish(address.assign(server))
finish(address.change_dns_ptr(address.ip, "stable.example.org"))
address.reload()
seen["address"] = [address.server.id == server.id, address.dns_ptr[0]["dns_ptr"]]
seen["commands"] = sorted({action.command for action in server.get_actions()})
seen["pages"] = cloud.server_types.get_list(per_page=1).meta.pagination.last_page == len(cloud.server_types.get_all())

finish(server.delete())
address.delete()
firewall.delete()
volume.delete()
key.delete()
seen["stranger"] = refused(Client(token="x", api_endpoint=os.environ["ENDPOINT"]).servers.get_all)
seen["lost"] = refused(lambda: cloud.servers.get_by_id(12))
print(json.dumps(seen))
