"""Logouts where it cannot be told who it is, of users who are gone, and of all users at once; and the copying of many logins."""

import re

import pytest
from test_logins import GOOD, REFUSED, Account, Sites, copied, outage, sites, switched_on, user  # noqa: F401 (fixtures)
from test_settings_page import wp

from harness import paths, wait
from harness.lab import Lab

pytestmark = pytest.mark.wordpress

EAST = paths.REGIONS[0]
LOGOUT = r"""href=["']([^"']*action=logout[^"']*)["']"""


def address(html: str) -> str:
    return re.search(LOGOUT, html).group(1).replace("&#038;", "&").replace("&amp;", "&")


def test_a_logout_while_nobody_can_tell_who_it_is(sites: Sites, lab: Lab, user: Account, outage: None) -> None:  # noqa: F811
    """The window is over, so WordPress takes the visitor for nobody: whoever has the cookie may end its session all the same."""
    sites.set(logins_window=1)
    visitor = sites.log_in(user)
    thief, base = copied(visitor), sites.url(EAST)
    link = address(visitor.get(f"{base}/wp-admin/profile.php").text)
    lab.replicated()
    sites.down()
    wait.until(lambda: not visitor.is_logged_in(base), what="the end of the window", timeout=6)
    # Its nonce was somebody's: WordPress asks once more.
    asked = visitor.get(link, allow_redirects=False)
    assert asked.status_code == 403
    done = visitor.get(address(asked.text), allow_redirects=False)
    assert done.status_code == 302 and "loggedout=true" in done.headers["Location"]
    assert [len(row["verifiers"]) for row in sites.ask("pending", user)] == [1]
    sites.back(user)
    assert sites.logged_in(thief) == [REFUSED]


def test_a_made_up_cookie_ends_nothing(sites: Sites, lab: Lab, user: Account, outage: None) -> None:  # noqa: F811
    visitor = sites.log_in(user)
    forger = copied(visitor)
    for cookie in list(forger.http.cookies):
        if cookie.name.startswith("wordpress_") and "|" in cookie.value.replace("%7C", "|"):
            # The signature is wrong; the token is the session's.
            cookie.value = cookie.value[:-1] + ("0" if cookie.value[-1] != "0" else "1")
    lab.replicated()
    sites.set(logins_window=1)
    sites.down()
    page = forger.get(f"{sites.url(EAST)}/wp-login.php?action=logout", allow_redirects=False)
    forger.get(address(page.text), allow_redirects=False)
    assert sites.ask("pending", user) == []
    sites.back(user)
    assert sites.logged_in(visitor) == [GOOD]


def test_a_namesake_sees_nothing_of_a_deleted_user(sites: Sites, lab: Lab, user: Account, outage: None) -> None:  # noqa: F811
    visitor = sites.log_in(user)
    lab.replicated()
    sites.down()
    sites.ask("remove", user)
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
    heir = Account(user.name, "another-password", 0)
    wait.until(lambda: sites.ask("answered", sites.account()), what="an answer of DynamoDB", timeout=20)
    heir.id = sites.ask("make", heir, password=heir.password, role="subscriber")
    mine = sites.log_in(heir)
    assert len(sites.ask("sessions", heir)) == 1
    lab.replicated()
    assert sites.logged_in(mine, visitor) == [GOOD, REFUSED]


def test_many_logins_are_copied_however_long_it_takes(sites: Sites, lab: Lab, user: Account) -> None:  # noqa: F811
    """Each is looked up by itself; no page waits for that."""
    made = f"""
    $sessions = array();
    for ( $number = 0; $number < 300; $number++ ) {{
        $sessions[ hash( 'sha256', "{user.name} $number" ) ] = array( 'expiration' => time() + 86400, 'ip' => '192.0.2.1', 'ua' => 'monitor', 'login' => time() );
    }}
    update_user_meta( get_user_by( 'login', '{user.name}' )->ID, 'session_tokens', $sessions );
    """
    wp(sites.site, made)
    lab.fault(EAST, "dynamodb", "latency", ms=5)
    assert sites.ask("migrate", user) == {"copied": 300, "unsure": 0}
    lab.fault(EAST, "dynamodb", "none")
    assert len([name for name in sites.items(user) if name.startswith("s#")]) == 300
