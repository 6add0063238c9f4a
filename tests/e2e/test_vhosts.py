"""Virtual hosts with settings of their own take turns in one worker: each keeps its connections, and both follow the parameter."""

from browsing import Guest
from conftest import lab_to_itself, settled

from harness import paths, wait
from harness.lab import Lab

FIRST, SECOND = paths.REGIONS
SITES = ({"wp_dynamodb.session_id_prefix": "blog"}, {"wp_dynamodb.session_id_prefix": "shop"})


def test_two_sites_in_one_worker(lab: Lab, start_fpm) -> None:
    host = start_fpm("vhosts", workers=1)
    settled(host, FIRST)
    guest = Guest(host)

    def visit(site: dict[str, str], do: str = "read") -> dict:
        host.vhost = site
        return guest.ok(do)

    with lab_to_itself(host):
        visit(SITES[0], "add")
        assert not visit(SITES[1])["found"], "the same cookie is another session in the other site"
        visit(SITES[1], "add")
        before = lab.status()["regions"][FIRST]["dynamodb"]["accepted"]
        for _ in range(20):
            for site in SITES:
                assert visit(site)["found"] == {"list": [1]}
        accepted = lab.status()["regions"][FIRST]["dynamodb"]["accepted"] - before
        assert accepted <= 2, f"{accepted} connections for 40 pages"

        lab.replicated()
        lab.region(SECOND)
        for site in SITES:
            wait.until(lambda site=site: visit(site)["region"] == SECOND, what=f"{site} to follow", timeout=10, logs=host.logs)
            assert visit(site)["found"] == {"list": [1]}
    host.stop()
