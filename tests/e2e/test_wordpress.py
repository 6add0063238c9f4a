"""WordPress over HTTP in both Regions, and the demo's story."""

import pytest
from conftest import lab_to_itself

from harness import paths
from harness.lab import Lab
from harness.site import Site
from harness.story import Story
from harness.visitor import Visitor

pytestmark = pytest.mark.wordpress

FIRST, SECOND = paths.REGIONS


@pytest.mark.parametrize("region", paths.REGIONS)
def test_login_cart_and_logout(site: Site, lab: Lab, region: str) -> None:
    base, visitor = site.url(region), Visitor()
    assert not visitor.is_logged_in(base)
    visitor.login(base, site.user, site.password)
    assert visitor.is_logged_in(base)
    state = visitor.cart(base, "add", "Tea")
    assert state["cart"] == {"Tea": 1} and state["user"] == site.user
    # The host is in its Region, the sessions go to the active one.
    assert (state["host_region"], state["region"]) == (region, FIRST)
    assert visitor.cart(base, "add", "Tea")["cart"] == {"Tea": 2}
    page = visitor.get(f"{base}/", params={"demo_cart": ""})
    assert page.status_code == 200 and "Tea" in page.text and FIRST in page.text
    assert visitor.cart(base, "read")["cart"] == {"Tea": 2}
    visitor.logout(base)
    assert not visitor.is_logged_in(base)
    state = visitor.cart(base)
    assert state["user"] is None and state["cart"] == {"Tea": 2}


def test_one_cookie_holds_in_both_regions(site: Site, lab: Lab) -> None:
    visitor = Visitor()
    visitor.login(site.url(FIRST), site.user, site.password)
    visitor.cart(site.url(FIRST), "add", "Honey")
    session = visitor.cookie()
    state = visitor.cart(site.url(SECOND), "add", "Bread")
    assert state["cart"] == {"Honey": 1, "Bread": 1} and state["user"] == site.user
    assert visitor.cart(site.front)["cart"] == {"Honey": 1, "Bread": 1}
    assert visitor.cookie() == session


def test_pages_are_served_in_place(site: Site, lab: Lab) -> None:
    """Each address keeps its own: no redirect from a Region's port to another."""
    for base in (site.front, site.url(FIRST), site.url(SECOND)):
        page = Visitor().get(f"{base}/hello-world/", allow_redirects=False)
        assert page.status_code == 200 and f"{base}/" in page.text


def test_page_without_a_session_makes_no_call(site: Site, lab: Lab) -> None:
    for _ in range(5):
        assert Visitor().get(f"{site.url(FIRST)}/").status_code == 200
    assert lab.calls(None, "dynamodb") == 0


def test_outage_keeps_the_page_and_the_cart(site: Site, lab: Lab) -> None:
    base, visitor = site.url(FIRST), Visitor()
    visitor.cart(base, "add", "Oranges")
    session = visitor.cookie()
    lab.fault(FIRST, "dynamodb", "refuse")
    assert visitor.cart_response(base, "add", "Coffee").status_code == 503
    assert visitor.get(f"{base}/").status_code == 200
    lab.fault(FIRST, "dynamodb", "none")
    assert visitor.cart(base)["cart"] == {"Oranges": 1}
    assert visitor.cookie() == session


def test_the_story(site: Site, lab: Lab) -> None:
    with lab_to_itself(*site.hosts.values()):
        figures = Story(lab, site, print, sessions=50, poll_interval=1).play()
    print(figures)
    assert figures.broken_promises() == []
    assert figures.sessions == 51


def test_no_php_error_of_ours_in_the_logs(site: Site) -> None:
    """Last: what the pages above left behind. WordPress 6.1 itself is older than PHP 8.2 and has deprecations of its own."""
    for host in site.hosts.values():
        lines = host.php_log.read_text().splitlines() if host.php_log.is_file() else []
        ours = [line for line in lines if "PHP Fatal" in line or "panicked" in line or ("wp-dynamodb" in line and "PHP Warning:  session_" not in line)]
        # The run folder's own name may hold the word.
        ours = [line for line in ours if "PHP Fatal" in line or "/plugins/wp-dynamodb" in line or "mu-plugins" in line or "panicked" in line]
        assert ours == []
