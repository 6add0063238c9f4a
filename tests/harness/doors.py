"""The lab's doors, by address or by name. By name, a process sees the lab's hosts file as its /etc/hosts.

A private mount namespace (util-linux's `unshare`; needs root) does it: no file of the system is touched, and names go the way
they go in production, through the C library. libnss-wrapper, which would do without root, crashes a process whose threads look
names up while its file changes.
"""

import re
from pathlib import Path

from . import paths

# The lab's file and a resolver that asks only files: a name that is missing must fail at once, and never reach a DNS server.
ENTER = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"'


def name(service: str, region: str, remote: bool = False) -> str:
    """The name of a service's door, as the lab writes it."""
    return f"{'remote.' if remote else ''}{service}.{region}.aws.test"


def hosts_file(run: Path) -> Path:
    """The file that the lab of a run folder keeps."""
    return run / "lab" / "hosts"


def wrap(run: Path, command: list[str]) -> list[str]:
    """The command, with the lab's names. The process keeps its id: nothing stands between it and who starts it."""
    nsswitch = run / "lab" / "nsswitch.conf"
    nsswitch.write_text(re.sub(r"(?m)^hosts:.*$", "hosts: files", Path("/etc/nsswitch.conf").read_text()))
    files = [str(hosts_file(run)), str(nsswitch)]
    return ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", ENTER, "doors", *files, *command]


def url(ports: paths.Ports, service: str, region: str, *, remote: bool, by_name: bool) -> str:
    """The URL of a door."""
    port = {"dynamodb": ports.dynamodb, "ssm": ports.ssm}[service](region, remote)
    return f"http://{name(service, region, remote) if by_name else '127.0.0.1'}:{port}"
