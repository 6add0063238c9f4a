"""Personal data in login sessions, when not all of it can be reached."""

import json

from test_logins import EAST, GOOD, REFUSED, TABLE, Account, Sites, outage, sites, switched_on, user  # noqa: F401 -- fixtures.

from harness import paths
from harness.lab import Lab
from harness.site import Site


def addresses(items: list[dict]) -> list[str]:
    return [json.loads(item["session"]["S"])["ip"] for item in items if "session" in item]


def test_an_export_in_an_outage_says_what_may_be_missing(sites: Sites, site: Site, user: Account, outage: None) -> None:  # noqa: F811
    with site.database.read_only():
        sites.log_in(user)
    assert len(sites.ask("export", user)["data"]) == 1
    sites.down()
    exported = sites.ask("export", user)
    (entry,) = exported["data"]
    assert exported["done"] is True and "may be missing" in entry["data"][0]["value"]
    sites.back(user)
    (entry,) = sites.ask("export", user)["data"]
    assert entry["data"][0]["value"] == "127.0.0.1"


def test_what_lies_there_is_erased_also_when_it_is_switched_off(sites: Sites, lab: Lab, user: Account, outage: None) -> None:  # noqa: F811
    visitor = sites.log_in(user)
    sites.set(logins=False)
    assert len(sites.ask("export", user)["data"]) == 1
    sites.down()
    erased = sites.ask("erase", user)
    assert erased["items_retained"] is True and "DynamoDB does not answer" in erased["messages"][0]
    assert "may be missing" in json.dumps(sites.ask("export", user))
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
        sites.hosts[region].restart()
    assert addresses(list(sites.items(user).values())) == ["127.0.0.1"]
    erased = sites.ask("erase", user)
    assert (erased["items_retained"], erased["messages"]) == (False, [])
    lab.replicated()
    for region in paths.REGIONS:
        assert addresses(list(sites.items(user, region).values())) == []
    assert sites.logged_in(visitor) == [REFUSED]
    sites.set()
    assert sites.logged_in(visitor, sites.log_in(user)) == [REFUSED, GOOD]


def test_where_login_sessions_were_never_kept_there_is_nothing_to_say(sites: Sites, user: Account, outage: None) -> None:  # noqa: F811
    sites.set(logins=False, logins_table="no_such_table")
    visitor = sites.log_in(user)
    for fault in (lambda: None, sites.down):
        fault()
        assert sites.ask("export", user) == {"data": [], "done": True}
        assert sites.ask("erase", user) == {"items_removed": False, "items_retained": False, "messages": [], "done": True}
    assert sites.logged_in(visitor) == [GOOD]


def test_without_the_extension_that_is_said(sites: Sites, site: Site, user: Account) -> None:  # noqa: F811
    sites.log_in(user)
    with site.instead(EAST, extension=False):
        assert "may be missing" in json.dumps(sites.ask("export", user))
        erased = sites.ask("erase", user)
        assert erased["items_retained"] is True and "The extension is missing" in erased["messages"][0]


def test_what_a_user_leaves_who_is_deleted_in_an_outage_expires(sites: Sites, lab: Lab, user: Account, outage: None) -> None:  # noqa: F811
    sites.log_in(user)
    (session,) = sites.ask("meta", user).values()
    partition = sites.partition(user)
    sites.down()
    assert sites.ask("remove", user) is True
    (item,) = [item for item in lab.dump(EAST, TABLE) if item["user"]["S"] == partition]
    assert abs(int(item["expires"]["N"]) - session["expiration"]) <= 2
