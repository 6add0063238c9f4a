"""Login sessions in DynamoDB: what the plugin promises, in WordPress in two Regions before one database."""

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from browser import Browser
from conftest import QUICK_POLL, calm, settled
from logs import EXPECTED_LINE

from harness import paths, wait
from harness.fpm import Fpm
from harness.lab import Lab
from harness.site import Site
from harness.visitor import Visitor

pytestmark = pytest.mark.wordpress

EAST, WEST = paths.REGIONS
TABLE = "wordpress_logins"
PAGE = Path(__file__).parent / "pages" / "logins.php"
INI = QUICK_POLL | {"wp_dynamodb.switch_window": "1"}
# What a session is looked up by, whatever else a cookie holds.
COOKIE = "wordpress_logged_in_wpdynamodb"
NO_ANSWER = "It cannot be checked at the moment whether you are logged in."


@dataclass
class Account:
    name: str
    password: str
    id: int


class Sites:
    """WordPress in two Regions, as a test of logins sees it."""

    def __init__(self, site: Site, lab: Lab):
        self.site, self.lab = site, lab

    @property
    def hosts(self) -> dict[str, Fpm]:
        return self.site.hosts

    def url(self, region: str) -> str:
        return self.site.url(region)

    def ask(self, what: str, user: Account | None = None, *, region: str = EAST, visitor: Visitor | None = None, **query: object) -> object:
        """Has WordPress in a Region do something without a browser, or in one's name."""
        cookies = visitor.http.cookies.get_dict() if visitor else {}
        answer = self.hosts[region].get("logins.php", cookies, do=what, user=user.name if user else "", **query)
        assert answer.status == 200, answer.body
        return answer.json()

    def set(self, **settings: object) -> None:
        self.ask("set", settings=json.dumps({"logins": True} | settings))

    def account(self, role: str = "subscriber") -> Account:
        user = Account(f"u{secrets.token_hex(4)}", secrets.token_hex(8), 0)
        user.id = self.ask("make", user, password=user.password, role=role)
        return user

    def log_in(self, user: Account, region: str = EAST) -> Visitor:
        visitor = Visitor()
        visitor.login(self.url(region), user.name, user.password)
        return visitor

    def logged_in(self, *visitors: Visitor) -> list[list[bool]]:
        """For each visitor, whether wp-admin opens: in the first Region, in the second one."""
        return [[visitor.is_logged_in(self.url(region)) for region in paths.REGIONS] for visitor in visitors]

    def items(self, user: Account, region: str = EAST) -> dict[str, dict]:
        """A user's items by sort key."""
        partition = self.partition(user)
        return {item["item"]["S"]: item for item in self.lab.dump(region, TABLE) if item["user"]["S"] == partition}

    def partition(self, user: Account) -> str:
        return self.ask("partition", user)

    def down(self, kind: str = "refuse") -> None:
        for region in paths.REGIONS:
            self.lab.fault(region, "dynamodb", kind)

    def back(self, user: Account) -> None:
        for region in paths.REGIONS:
            self.lab.fault(region, "dynamodb", "none")
        for region in paths.REGIONS:
            wait.until(lambda region=region: self.ask("answered", user, region=region), what=f"an answer of DynamoDB in {region}", timeout=20)
        # One of them told what had waited, maybe in a Region that the other does not use at the moment.
        self.lab.replicated()


def copied(visitor: Visitor) -> Visitor:
    """A thief with the same cookies."""
    thief = Visitor()
    thief.http.cookies.update(visitor.http.cookies)
    return thief


def cookies(visitor: Visitor) -> dict[str, str]:
    return visitor.http.cookies.get_dict()


def next_second() -> None:
    """WordPress itself notes whole seconds: what it begins in the second in which everything ended counts as ended."""
    now = int(time.time())
    wait.until(lambda: int(time.time()) > now, what="the next second", timeout=2)


@pytest.fixture(scope="module")
def switched_on(started_site: Site, started_lab: Lab) -> Iterator[dict[str, Fpm]]:
    """Hosts of this module's own: they leave Regions, and remember it."""
    started_lab.table(TABLE, hash_key="user", range_key="item")
    page = started_site.wordpress.docroot / PAGE.name
    shutil.copyfile(PAGE, page)
    page.chmod(0o644)
    with started_site.instead(*paths.REGIONS, ini=INI) as hosts:
        # What the pages of other tests left behind is not this module's.
        for host in hosts.values():
            host.php_log.unlink(missing_ok=True)
        yield hosts
        hosts[EAST].get(PAGE.name, do="set", settings="{}")
    page.unlink()


@pytest.fixture
def sites(site: Site, lab: Lab, switched_on: dict[str, Fpm]) -> Sites:
    """Login sessions are in DynamoDB, all is well."""
    sites = Sites(site, lab)
    sites.set()
    lab.counters_reset()
    return sites


@pytest.fixture
def outage(sites: Sites, lab: Lab) -> Iterator[None]:
    """For a test that takes DynamoDB away: afterwards the hosts know nothing of it any more."""
    yield
    lab.reset()
    for host in sites.hosts.values():
        host.restart()


@pytest.fixture
def user(sites: Sites) -> Account:
    return sites.account()


GOOD, REFUSED = [True, True], [False, False]


# In both Regions


def test_a_login_holds_in_both_regions_at_one_read_a_page(sites: Sites, lab: Lab, user: Account) -> None:
    lab.counters_reset()
    visitor = sites.log_in(user)
    assert lab.calls(None, "dynamodb", "Query") == 1 and lab.writes() == 1
    lab.replicated()
    for region in paths.REGIONS:
        for address in ("/wp-admin/profile.php", "/"):
            lab.counters_reset()
            page = visitor.get(sites.url(region) + address, allow_redirects=False)
            assert page.status_code == 200 and "wp-admin-bar-logout" in page.text
            assert lab.calls(None, "dynamodb", "Query") == lab.calls(None, "dynamodb") == 1
    lab.counters_reset()
    for address in ("/", "/hello-world/", "/wp-login.php"):
        assert Visitor().get(sites.url(EAST) + address).status_code == 200
    # Nor do cookies that cannot be this site's, and those of which the time has passed.
    for cookie in ("nonsense", f"{user.name}|{int(time.time()) - 10}|{'a' * 43}|{'0' * 64}", "a|b|c|d", "x" * 5000):
        assert Visitor().get(sites.url(EAST) + "/", cookies={COOKIE: cookie}).status_code == 200
    assert lab.calls(None, "dynamodb") == 0
    # The read begins before WordPress knows whether the signature is good.
    forged = f"{user.name}|{int(time.time()) + 1000}|{'a' * 43}|{'0' * 64}"
    assert "wp-admin-bar-logout" not in Visitor().get(sites.url(EAST) + "/", cookies={COOKIE: forged}).text
    assert lab.calls(None, "dynamodb", "Query") == lab.calls(None, "dynamodb") == 1


def test_an_anonymous_page_asks_the_database_nothing_more(sites: Sites) -> None:
    active = ["wp-dynamodb/wp-dynamodb.php", "wp-dynamodb-demo-cart/wp-dynamodb-demo-cart.php"]
    with_it = sites.ask("queries")
    sites.ask("plugins", active=json.dumps(active[1:]))
    try:
        without = sites.ask("queries")
    finally:
        sites.ask("plugins", active=json.dumps(active))
    assert with_it == without, (with_it, without)


def test_no_secret_and_no_name_in_the_table(sites: Sites, user: Account) -> None:
    visitor = sites.log_in(user)
    token = visitor.cookie(COOKIE).split("%7C")[2]
    (item,) = sites.items(user).values()
    text = json.dumps(item)
    assert token not in text and user.name not in text and json.loads(item["session"]["S"])["ip"] == "127.0.0.1"
    assert set(item) == {"user", "item", "session", "created", "expires", "updated_at", "writer"}


def test_nothing_needs_a_database_that_can_be_written(sites: Sites, lab: Lab, user: Account) -> None:
    """The database of the other Region is a read-only replica; then the Region is switched."""
    visitor, leaver = sites.log_in(user), sites.log_in(user)
    thief = copied(leaver)
    before = sites.ask("meta", user)
    with sites.site.database.read_only():
        lab.region(WEST)
        for host in sites.hosts.values():
            settled(host, WEST)
        assert sites.logged_in(visitor, leaver) == [GOOD, GOOD]
        newcomer = sites.log_in(user, WEST)
        lab.replicated()
        assert sites.logged_in(newcomer, visitor, leaver) == [GOOD, GOOD, GOOD]
        leaver.logout(sites.url(WEST))
        assert cookies(leaver).keys().isdisjoint(cookies(visitor).keys() - {"wordpress_test_cookie"})
        assert sites.logged_in(thief, newcomer, visitor) == [REFUSED, GOOD, GOOD]
        assert sites.ask("meta", user) == before
    # The database never heard of it: what DynamoDB says counts.
    lab.region(EAST)
    for host in sites.hosts.values():
        settled(host, EAST)
        calm(host)
    assert sites.logged_in(thief, newcomer, visitor) == [REFUSED, GOOD, GOOD]


def test_one_region_lost_and_the_database_read_only(sites: Sites, lab: Lab, user: Account, outage: None) -> None:
    visitor, leaver = sites.log_in(user), sites.log_in(user)
    thief = copied(leaver)
    lab.replicated()
    lab.fault(EAST, "dynamodb", "refuse")
    with sites.site.database.read_only():
        newcomer = sites.log_in(user)
        assert sites.logged_in(visitor, newcomer) == [GOOD, GOOD]
        leaver.logout(sites.url(EAST))
        assert sites.logged_in(thief) == [REFUSED]
        lab.fault(EAST, "dynamodb", "none")
        lab.replicated()
        for host in sites.hosts.values():
            calm(host)
        assert sites.logged_in(visitor, newcomer, thief) == [GOOD, GOOD, REFUSED]


# DynamoDB down everywhere


@pytest.mark.parametrize("kind", ["refuse", "blackhole"])
def test_an_outage_logs_nobody_out(sites: Sites, lab: Lab, user: Account, outage: None, kind: str) -> None:
    stays, leaver, gone = (sites.log_in(user) for _ in range(3))
    late, early = copied(leaver), copied(gone)
    gone.logout(sites.url(EAST))
    lab.replicated()
    sites.down(kind)
    had = cookies(stays)
    assert sites.logged_in(stays, early) == [GOOD, REFUSED]
    assert cookies(stays).items() >= had.items()
    leaver.logout(sites.url(WEST))
    newcomer = sites.log_in(user)
    assert sites.logged_in(late, stays, newcomer) == [REFUSED, GOOD, GOOD]
    assert len(sites.ask("pending", user)) == 1
    sites.back(user)
    assert sites.logged_in(late, early, stays, newcomer) == [REFUSED, REFUSED, GOOD, GOOD]
    assert sites.ask("pending", user) == []
    lab.replicated()
    for region in paths.REGIONS:
        kinds = [name[:2] for name in sites.items(user, region)]
        assert sorted(kinds).count("r#") == 2 and kinds.count("s#") >= 2


def test_pages_do_not_wait_for_an_outage_that_is_known(sites: Sites, lab: Lab, user: Account, outage: None) -> None:
    visitor, gone = sites.log_in(user), sites.log_in(user)
    thief, host = copied(gone), sites.hosts[EAST]
    gone.logout(sites.url(EAST))
    lab.replicated()
    sites.down("blackhole")

    def is_known() -> bool:
        assert visitor.is_logged_in(sites.url(EAST))
        return all(region["breaker"]["state"] != "closed" for region in host.status()["regions"].values())

    wait.until(is_known, what="all breakers to be open", timeout=15, logs=host.logs)
    # Longer than an answer of the calls that opened them counts: the poller's probes say it anew.
    took = []
    while len(took) < 12:
        began = time.monotonic()
        assert visitor.is_logged_in(sites.url(EAST)) and not thief.is_logged_in(sites.url(EAST))
        took.append(time.monotonic() - began)
        time.sleep(0.4)
    assert sorted(took)[-3] < 0.7, took
    # And it ends with the outage.
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
    began = time.monotonic()
    wait.until(lambda: sites.ask("answered", user), what="an answer of DynamoDB", timeout=10)
    assert time.monotonic() - began < 4
    assert sites.logged_in(visitor, thief) == [GOOD, REFUSED]


def test_log_out_everywhere_in_an_outage(sites: Sites, lab: Lab, user: Account, outage: None) -> None:
    visitor, other = sites.log_in(user), sites.log_in(user)
    thief = copied(visitor)
    sites.down()
    everywhere_else(sites, visitor, EAST)
    assert sites.logged_in(visitor, other) == [GOOD, REFUSED]
    sites.ask("end", user)
    newcomer = sites.log_in(user)
    assert sites.logged_in(thief, other, newcomer) == [REFUSED, REFUSED, GOOD]
    sites.back(user)
    lab.replicated()
    assert sites.logged_in(thief, other, newcomer) == [REFUSED, REFUSED, GOOD]
    assert sites.ask("pending", user) == []


def test_after_the_window_nobody_is_let_in_and_no_cookie_burns(sites: Sites, lab: Lab, user: Account, outage: None) -> None:
    sites.set(logins_window=1)
    visitor = sites.log_in(user)
    had = cookies(visitor)
    sites.down()
    base = sites.url(EAST)
    assert visitor.is_logged_in(base)
    wait.until(lambda: not visitor.is_logged_in(base), what="the end of the window", timeout=5)
    away = visitor.get(f"{base}/wp-admin/profile.php", allow_redirects=False)
    assert away.status_code == 302 and "wp-login.php" in away.headers["Location"] and "reauth" not in away.headers["Location"]
    assert "Set-Cookie" not in away.headers
    page = visitor.get(away.headers["Location"])
    assert page.status_code == 200 and NO_ANSWER in page.text and cookies(visitor).items() >= had.items()
    # What begins in the outage is good: DynamoDB would know nothing of it either.
    assert sites.log_in(user).is_logged_in(base)
    sites.back(user)
    assert sites.logged_in(visitor) == [GOOD]
    # A session that has ended is no such case: its cookie goes, as WordPress does it.
    thief = copied(visitor)
    visitor.logout(base)
    assert "reauth=1" in thief.get(f"{base}/wp-admin/profile.php", allow_redirects=False).headers["Location"]


def test_an_outage_that_is_over_leaves_the_next_one_its_window(sites: Sites, lab: Lab, user: Account, outage: None) -> None:
    """In the evening a blip, at night nobody who is logged in, in the morning an outage."""
    sites.set(logins_window=1)
    visitor, host = sites.log_in(user), sites.hosts[EAST]
    sites.down()
    assert visitor.is_logged_in(sites.url(EAST))
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
    calm(host)
    wait.until(lambda: host.status().get("items_outage_ms") is None, what="the outage to be over", timeout=15, logs=host.logs)
    time.sleep(1.5)
    sites.down()
    assert visitor.is_logged_in(sites.url(EAST))


def test_single_answers_do_not_begin_the_window_anew(sites: Sites, site: Site, lab: Lab, user: Account, outage: None) -> None:
    """The table is throttled, and answers now and then: what has ended is not let in again and again."""
    sites.set(logins_window=4)
    visitor = sites.log_in(user)
    thief, base = copied(visitor), sites.url(EAST)
    with site.database.read_only():
        visitor.logout(base)
    let_in = []
    for _ in range(4):
        lab.replicated()
        for region in paths.REGIONS:
            lab.fault(region, "dynamodb", "throttle")
        let_in.append(thief.is_logged_in(base))
        for region in paths.REGIONS:
            lab.fault(region, "dynamodb", "none")
        wait.until(lambda: sites.ask("answered", user), what="an answer of DynamoDB", timeout=10)
        assert not thief.is_logged_in(base)
    # As 18.6 says it of an outage, once.
    assert let_in[0] is True and let_in[-2:] == [False, False]


def test_pages_do_not_wait_for_a_throttled_table(sites: Sites, lab: Lab, user: Account, outage: None) -> None:
    visitor = sites.log_in(user)
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "throttle")
    took = []
    while len(took) < 12:
        began = time.monotonic()
        assert visitor.is_logged_in(sites.url(EAST))
        took.append(time.monotonic() - began)
        time.sleep(0.2)
    assert sorted(took)[-3] < 0.7, took
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
    wait.until(lambda: sites.ask("answered", user), what="an answer of DynamoDB", timeout=4)


def test_hosts_agree_on_a_login_of_an_outage(sites: Sites, user: Account, outage: None) -> None:
    """One host hears of the outage only after the login."""
    sites.set(logins_window=2)
    visitor = sites.log_in(user)
    sites.down()
    assert visitor.is_logged_in(sites.url(EAST))
    newcomer = sites.log_in(user)
    time.sleep(0.5)
    assert newcomer.is_logged_in(sites.url(WEST))
    wait.until(lambda: sites.logged_in(visitor) == [REFUSED], what="the end of the window", timeout=8)
    assert sites.logged_in(newcomer) == [GOOD]
    sites.back(user)
    assert sites.logged_in(newcomer, visitor) == [GOOD, GOOD]
    # From now on DynamoDB has it, and the copy is like any other.
    assert not any("wp_dynamodb_only_here" in session for session in sites.ask("meta", user).values())


# Rights, table or settings are wrong


def test_switched_on_before_there_is_a_table(sites: Sites, user: Account, outage: None) -> None:
    """Nothing has ended in DynamoDB alone: user meta is the whole truth, for as long as it takes."""
    sites.set(logins=False)
    visitor, leaver = sites.log_in(user), sites.log_in(user)
    thief = copied(leaver)
    sites.set(logins_table=f"logins_{secrets.token_hex(4)}", logins_window=1)
    assert sites.logged_in(visitor, thief) == [GOOD, GOOD]
    leaver.logout(sites.url(EAST))
    time.sleep(2)
    newcomer = sites.log_in(user)
    assert sites.logged_in(visitor, newcomer, thief) == [GOOD, GOOD, REFUSED]
    assert all(host.status().get("items_outage_ms") is None for host in sites.hosts.values())
    # Then somebody makes it.
    sites.set()
    assert sites.logged_in(visitor, newcomer, thief) == [GOOD, GOOD, REFUSED]


def test_a_policy_that_is_taken_away_has_a_window_of_its_own(sites: Sites, site: Site, lab: Lab, user: Account, outage: None) -> None:
    sites.set(logins_window=1)
    stays, visitor = sites.log_in(user), sites.log_in(user)
    thief, base = copied(visitor), sites.url(EAST)
    with site.database.read_only():
        visitor.logout(base)
    lab.replicated()
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "denied")
    assert stays.is_logged_in(base)
    had = stays.cookie(COOKIE)
    wait.until(lambda: not stays.is_logged_in(base), what="the end of the window", timeout=5)
    assert not thief.is_logged_in(base) and stays.cookie(COOKIE) == had
    # Who has to mend it gets in.
    assert sites.log_in(user).is_logged_in(base)
    # An outage that follows has all of its own.
    sites.down()
    assert stays.is_logged_in(base)


def test_a_login_that_only_dynamodb_has_outlives_an_outage(sites: Sites, site: Site, user: Account, outage: None) -> None:
    with site.database.read_only():
        visitor = sites.log_in(user)
    had = cookies(visitor)
    sites.down()
    assert sites.logged_in(visitor) == [REFUSED] and cookies(visitor).items() >= had.items()
    sites.back(user)
    assert sites.logged_in(visitor) == [GOOD]


def test_a_logout_that_waited_is_told_once(sites: Sites, site: Site, lab: Lab, user: Account, outage: None) -> None:
    """Also by a Region whose database is a read-only replica: there it goes on waiting."""
    visitor, leaver = sites.log_in(user), sites.log_in(user)
    sites.down()
    leaver.logout(sites.url(EAST))
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
    for host in sites.hosts.values():
        host.restart()
    with site.database.read_only():
        written = []
        for _ in range(3):
            lab.counters_reset()
            assert visitor.is_logged_in(sites.url(EAST))
            written.append((lab.calls(None, "dynamodb", "Query"), lab.writes()))
        assert written == [(1, 1), (1, 0), (1, 0)]
    assert len(sites.ask("pending", user)) == 1
    assert visitor.is_logged_in(sites.url(EAST)) and sites.ask("pending", user) == []


def test_logouts_at_the_same_moment_in_an_outage(sites: Sites, site: Site, user: Account, outage: None) -> None:
    """One request has read what another one then changes: neither logout is lost."""
    one, other, stays = (sites.log_in(user) for _ in range(3))
    thieves = [copied(one), copied(other)]
    sites.down()
    uploads = site.wordpress.docroot / "wp-content" / "uploads"
    try:
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(sites.ask, "end_late", user, visitor=one)
            wait.until((uploads / "read").exists, what="the first request to have read", timeout=10)
            other.logout(sites.url(WEST))
            (uploads / "go").touch()
            assert late.result() is True
    finally:
        for flag in ("read", "go"):
            (uploads / flag).unlink(missing_ok=True)
    assert sites.logged_in(*thieves, stays) == [REFUSED, REFUSED, GOOD]
    sites.back(user)
    assert sites.logged_in(*thieves, stays) == [REFUSED, REFUSED, GOOD]
    assert sites.ask("pending", user) == []


def test_what_is_lost_is_said(sites: Sites, site: Site, user: Account, outage: None) -> None:
    """Neither DynamoDB nor the database takes anything."""
    visitor, leaver, admin = sites.log_in(user), sites.log_in(user), sites.log_in(sites.account("administrator"))
    log = sites.hosts[EAST].php_log
    sites.down()
    with site.database.read_only():
        leaver.logout(sites.url(EAST))
        assert "a logout is lost: neither DynamoDB nor the database takes it" in log.read_text()
        # The profile's buttons do not say that they did.
        row = next(row for row in rows(sites, visitor) if "<button" in row)
        page = press(sites, visitor, row).text
        assert re.search(r'<div class="notice notice-error inline" role="alert"><p>Nothing has ended: neither DynamoDB nor the database', page)
        answer = everywhere_else(sites, visitor, EAST, succeeds=False)
        assert answer["data"]["message"].startswith("Nothing has ended")
        answer = everywhere_else(sites, admin, EAST, f"user-edit.php?user_id={user.id}", succeeds=False)
        assert answer["data"]["message"].startswith("Nothing has ended")
        sites.log_in(user)
        assert "a login cannot be kept: neither DynamoDB nor the database takes it" in log.read_text()
        assert sites.logged_in(visitor) == [GOOD]


# Logging out elsewhere


def everywhere_else(sites: Sites, visitor: Visitor, region: str, address: str = "profile.php", *, succeeds: bool = True) -> dict:
    """The profile's button "Log Out Everywhere Else"; on another one's page it is "Log Out Everywhere"."""
    page = visitor.get(f"{sites.url(region)}/wp-admin/{address}").text
    form = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page).group(1) for name in ("_wpnonce", "user_id")}
    answer = visitor.http.post(
        f"{sites.url(region)}/wp-admin/admin-ajax.php", timeout=30,
        data={"action": "destroy-sessions", "nonce": form["_wpnonce"], "user_id": form["user_id"]},
    )
    assert answer.json()["success"] is succeeds
    return answer.json()


def test_log_out_everywhere_else(sites: Sites, lab: Lab, user: Account) -> None:
    visitors = [sites.log_in(user, region) for region in (EAST, WEST, EAST)]
    everywhere_else(sites, visitors[1], WEST)
    assert sites.logged_in(*visitors) == [REFUSED, GOOD, REFUSED]
    again = sites.log_in(user)
    lab.replicated()
    assert sites.logged_in(again, visitors[1]) == [GOOD, GOOD]


def test_log_out_everywhere(sites: Sites, lab: Lab, user: Account) -> None:
    visitors = [sites.log_in(user) for _ in range(3)]
    thieves = [copied(visitor) for visitor in visitors]
    sites.ask("end", user)
    assert sites.logged_in(*visitors) == [REFUSED] * 3
    again = sites.log_in(user)
    assert sites.logged_in(again, *thieves) == [GOOD] + [REFUSED] * 3


def test_a_new_password(sites: Sites, lab: Lab, user: Account) -> None:
    """WordPress gives the browser that changes it a new session; all others are signed with the old password."""
    visitor, other = sites.log_in(user), sites.log_in(user)
    base = sites.url(EAST)
    page = visitor.get(f"{base}/wp-admin/profile.php").text
    form = dict(re.findall(r'<input type="(?:hidden|text|email|url)"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    form |= {"_wpnonce": re.search(r'name="_wpnonce" value="([^"]*)"', page).group(1), "pass1": "new-" + user.password, "pass2": "new-" + user.password}
    form |= {"action": "update", "user_id": str(user.id), "email": f"{user.name}@example.test", "nickname": user.name}
    answer = visitor.http.post(f"{base}/wp-admin/profile.php", data=form, timeout=30, allow_redirects=False)
    assert answer.status_code == 302 and "updated" in answer.headers["Location"], answer.text
    assert sites.logged_in(visitor, other) == [GOOD, REFUSED]


def test_a_logout_wins_over_late_replication(sites: Sites, site: Site, lab: Lab, user: Account) -> None:
    """Each host uses its own Region. While they do not hear of each other, one ends what the other still changes."""
    with site.instead(*paths.REGIONS, ini=INI | {"wp_dynamodb.routing": "local"}):
        one, other = sites.log_in(user, EAST), sites.log_in(user, WEST)
        lab.replicated()
        assert sites.logged_in(one, other) == [GOOD, GOOD]
        lab.replication(state="pause")
        hidden = sites.log_in(user, WEST)
        sites.ask("end", user, region=EAST)
        assert not one.is_logged_in(sites.url(EAST)) and not other.is_logged_in(sites.url(EAST))
        # A plugin there writes into a session that has ended here.
        assert sites.ask("touch", user, region=WEST, visitor=other) == 1
        newcomer = sites.log_in(user, EAST)
        lab.replication(state="run")
        lab.replicated()
        assert any('touched' in item.get("session", {}).get("S", "") for item in sites.items(user, EAST).values())
        for _ in range(2):
            assert sites.logged_in(one, other, hidden, newcomer) == [REFUSED, REFUSED, REFUSED, GOOD]
            lab.replicated()


# Many sessions


def test_logins_at_the_same_moment_all_hold(sites: Sites, lab: Lab, user: Account) -> None:
    """In user meta, one list of all sessions, the one that is written last wins."""
    with ThreadPoolExecutor(6) as pool:
        visitors = list(pool.map(lambda n: sites.log_in(user, paths.REGIONS[n % 2]), range(6)))
    assert sites.logged_in(*visitors) == [GOOD] * 6


def test_the_oldest_make_room(sites: Sites, user: Account) -> None:
    sites.set(logins_cap=2)
    visitors = [sites.log_in(user) for _ in range(3)]
    assert sorted(sites.logged_in(*visitors)) == [REFUSED, GOOD, GOOD]
    assert sites.logged_in(visitors[2]) == [GOOD]
    assert len(sites.ask("sessions", user)) == 2


def test_the_oldest_make_room_in_a_black_hole(sites: Sites, user: Account, outage: None) -> None:
    """One of them finds out; nobody waits for each."""
    visitors = [sites.log_in(user) for _ in range(10)]
    thieves = [copied(visitor) for visitor in visitors]
    sites.set(logins_cap=1)
    sites.down("blackhole")
    began = time.monotonic()
    newcomer = sites.log_in(user)
    assert time.monotonic() - began < 12
    (row,) = sites.ask("pending", user)
    assert len(row["verifiers"]) == 10
    sites.back(user)
    assert sites.logged_in(newcomer, *thieves) == [GOOD] + [REFUSED] * 10


def test_what_has_ended_long_ago_is_tidied_away(sites: Sites, lab: Lab, user: Account) -> None:
    ago = int(1000 * (time.time() - 600))
    stays = sites.log_in(user)
    (kept,) = sites.items(user).values()
    lab.item_put(EAST, kept | {"created": {"N": str(ago - 2000)}}, TABLE)
    gone, stolen = sites.log_in(user), sites.log_in(user)
    thieves = [copied(gone), copied(stolen)]
    gone.logout(sites.url(EAST))
    young = next(name for name in sites.items(user) if name.startswith("r#"))
    before = sites.items(user)
    stolen.logout(sites.url(EAST))
    # As if it had been ten minutes ago, with many others; and its session comes back, from a Region that was cut off.
    old = next(name for name in sites.items(user) if name.startswith("r#") and name != young)
    session = before[f"s#{old[2:]}"] | {"created": {"N": str(ago - 1000)}}
    record = sites.items(user)[old] | {"updated_at": {"N": str(ago)}}
    lab.item_put(EAST, session, TABLE)
    for name in (old, *(f"r#ff{secrets.token_hex(31)}" for _ in range(140))):
        lab.item_put(EAST, record | {"item": {"S": name}}, TABLE)
    # A login does not take long for it: the next one goes on.
    deleted = []
    for _ in range(4):
        lab.counters_reset()
        newcomer = sites.log_in(user)
        deleted.append(lab.calls(None, "dynamodb", "DeleteItem"))
    assert deleted == [20, 20, 20, 0]
    lab.replicated()
    left = sites.items(user, WEST)
    assert young in left and old not in left and sum(name.startswith("r#") for name in left) == 142 - 60
    assert sites.logged_in(stays, newcomer, *thieves) == [GOOD, GOOD, REFUSED, REFUSED]
    lab.item_put(EAST, session, TABLE)
    lab.replicated()
    assert sites.logged_in(stays, newcomer, *thieves) == [GOOD, GOOD, REFUSED, REFUSED]


def test_more_items_than_one_read_brings(sites: Sites, site: Site, lab: Lab, user: Account) -> None:
    """Somebody's script logs in and out all the time: their own login must still be found."""
    visitor = sites.log_in(user)
    (item,) = sites.items(user).values()
    record = {"user": item["user"], "expires": item["expires"], "updated_at": {"N": str(int(1000 * time.time()))}, "writer": {"S": EAST}}
    for n in range(1010):
        lab.item_put(EAST, record | {"item": {"S": f"r#{n:064x}"}}, TABLE)
    newcomer = sites.log_in(user)
    # The database must not stand in for what is cut off.
    site.database.root(f"DELETE FROM wp_usermeta WHERE user_id = {user.id} AND meta_key = 'session_tokens'")
    lab.replicated()
    assert sites.logged_in(visitor, newcomer) == [GOOD, GOOD]


def crowd(sites: Sites, user: Account, sort: str, *, expired: int = 0) -> None:
    """More marks than one read brings, before all others; the first ones have expired, and TTL has not deleted them yet."""
    now = int(time.time())
    common = {"user": {"S": sites.partition(user)}, "updated_at": {"N": str(1000 * (now - 600))}, "writer": {"S": EAST}}
    for n in range(1010):
        name = f"r#{n:064x}" if sort == "r" else f"e#{n + 1:013d}"
        sites.lab.item_put(EAST, common | {"item": {"S": name}, "expires": {"N": str(now - 60 if n < expired else now + 86400)}}, TABLE)


@pytest.mark.parametrize("sort", ["r", "e"])
def test_what_has_expired_hides_nothing(sites: Sites, site: Site, lab: Lab, user: Account, sort: str) -> None:
    """TTL deletes it within days; until then it may be more than one read brings. No good cookie burns for that, nor comes one back."""
    with site.database.read_only():
        visitor = sites.log_in(user)
    crowd(sites, user, sort, expired=1010)
    lab.replicated()
    assert sites.logged_in(visitor) == [GOOD]
    before = sites.items(user)
    sites.ask("end", user)
    for name in before:
        if name.startswith("s#"):
            lab.item_put(EAST, before[name], TABLE)
    lab.replicated()
    assert sites.logged_in(visitor) == [REFUSED]


@pytest.mark.parametrize("expired", [0, 1010])
def test_no_mark_is_missed_among_more_than_one_read_brings(sites: Sites, site: Site, lab: Lab, user: Account, expired: int) -> None:
    stays, back, copy = (sites.log_in(user) for _ in range(3))
    thieves = [copied(back), copied(copy)]
    before = sites.items(user)
    back.logout(site.url(EAST))
    with site.database.read_only():
        # Its copy in user meta stays.
        copy.logout(site.url(EAST))
    ended = {name[2:] for name in sites.items(user) if name.startswith("r#")}
    assert len(ended) == 2 and not any(verifier.startswith("000") for verifier in ended)
    crowd(sites, user, "r", expired=expired)
    assert sites.logged_in(*thieves, stays) == [REFUSED, REFUSED, GOOD]
    # As a Region brings it that had not heard of the logout.
    for name in before:
        lab.item_put(EAST, before[name], TABLE)
    lab.replicated()
    assert sites.logged_in(*thieves, stays) == [REFUSED, REFUSED, GOOD]


def test_more_ends_of_all_sessions_than_one_read_brings(sites: Sites, lab: Lab, user: Account) -> None:
    """Nobody can tell what the rest of them say: no session is accepted, and no cookie burns. The next login makes order."""
    visitor = sites.log_in(user)
    had = cookies(visitor)
    crowd(sites, user, "e")
    lab.replicated()
    assert sites.logged_in(visitor) == [REFUSED] and cookies(visitor).items() >= had.items()
    assert NO_ANSWER in visitor.get(f"{sites.url(EAST)}/wp-admin/profile.php").text
    # Nor does that pass for all there is.
    assert "may be missing" in json.dumps(sites.ask("export", user)["data"])
    newcomer = sites.log_in(user)
    lab.replicated()
    assert sites.logged_in(newcomer) == [GOOD]


def test_ending_all_over_and_over_is_tidied_away(sites: Sites, lab: Lab, user: Account) -> None:
    """Without a login between, as somebody's script does it."""
    ago = int(1000 * (time.time() - 600))
    sites.ask("end", user)
    (item,) = sites.items(user).values()
    for n in range(150):
        lab.item_put(EAST, item | {"item": {"S": f"e#{ago + n:013d}"}}, TABLE)
    deleted = []
    for _ in range(4):
        lab.counters_reset()
        sites.ask("end", user)
        deleted.append(lab.calls(None, "dynamodb", "DeleteItem"))
    assert deleted == [20, 20, 20, 0]
    assert sum(name < f"e#{ago + 150:013d}" for name in sites.items(user)) == 150 - 60


def test_ending_many_sessions_of_a_slow_table_takes_no_page_long(sites: Sites, lab: Lab, user: Account) -> None:
    visitor = sites.log_in(user)
    (item,) = sites.items(user).values()
    for n in range(30):
        lab.item_put(EAST, item | {"item": {"S": f"s#{n:064x}"}}, TABLE)
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "latency", ms=180)
    began = time.monotonic()
    sites.ask("end", user)
    took = time.monotonic() - began
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
    assert took < 4, took
    assert sites.logged_in(visitor) == [REFUSED] and sites.ask("sessions", user) == []


def test_tidying_ends_nobody_of_whom_it_could_not_read_all(sites: Sites, lab: Lab, user: Account) -> None:
    """There is no time to look at all of many sessions, one by one."""
    visitors = [sites.log_in(user) for _ in range(14)]
    ago = int(1000 * (time.time() - 600))
    for item in sites.items(user).values():
        lab.item_put(EAST, item | {"created": {"N": str(ago)}}, TABLE)
    common = {"user": item["user"], "updated_at": {"N": str(ago)}, "writer": {"S": EAST}, "expires": {"N": str(int(time.time()) + 86400)}}
    for n in range(600):
        lab.item_put(EAST, common | {"item": {"S": f"r#{n:064x}"}}, TABLE)
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "latency", ms=180)
    sites.log_in(user)
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
    lab.replicated()
    assert sites.logged_in(*visitors) == [GOOD] * 14


def test_tidying_ends_nobody_when_ends_of_all_were_cut_off(sites: Sites, lab: Lab, user: Account) -> None:
    visitor = sites.log_in(user)
    (item,) = sites.items(user).values()
    lab.item_put(EAST, item | {"created": {"N": str(int(1000 * (time.time() - 600)))}}, TABLE)
    crowd(sites, user, "e")
    for _ in range(2):
        sites.log_in(user)
    lab.replicated()
    assert sites.logged_in(visitor) == [GOOD]


# From user meta and back


def test_switching_on_and_off_logs_nobody_out(sites: Sites, lab: Lab, user: Account) -> None:
    sites.set(logins=False)
    # The user's registration has looked for one of that name.
    lab.counters_reset()
    before = sites.log_in(user)
    assert lab.calls() == 0 and sites.items(user) == {}
    sites.set()
    assert sites.logged_in(before) == [GOOD]
    # Copied when it was asked for.
    assert [name[:2] for name in sites.items(user)] == ["s#"]
    while_on = sites.log_in(user)
    assert sites.logged_in(before, while_on) == [GOOD, GOOD]
    ended = sites.log_in(user)
    thief = copied(ended)
    ended.logout(sites.url(EAST))
    sites.set(logins=False)
    lab.counters_reset()
    assert sites.logged_in(before, while_on, thief) == [GOOD, GOOD, REFUSED]
    assert lab.calls() == 0
    while_off = sites.log_in(user)
    sites.set()
    assert sites.logged_in(before, while_on, while_off, thief) == [GOOD, GOOD, GOOD, REFUSED]


@pytest.mark.parametrize("how", ["logout", "everywhere else", "everywhere", "all users"])
def test_what_ends_while_it_is_off_stays_ended(sites: Sites, site: Site, user: Account, how: str) -> None:
    sites.set(logins=False)
    first = sites.log_in(user)
    sites.set()
    stays, second = sites.log_in(user), sites.log_in(user)
    assert sites.logged_in(first, second, stays) == [GOOD, GOOD, GOOD]
    thieves = [copied(first), copied(second)]
    sites.set(logins=False)
    if how == "logout":
        first.logout(site.url(EAST))
        second.logout(site.url(WEST))
    elif how == "everywhere else":
        everywhere_else(sites, stays, EAST)
    else:
        sites.ask("end" if how == "everywhere" else "drop", user)
    assert sites.logged_in(*thieves) == [REFUSED, REFUSED]
    sites.set()
    assert sites.logged_in(stays, *thieves) == [GOOD if how in ("logout", "everywhere else") else REFUSED, REFUSED, REFUSED]
    assert sites.logged_in(sites.log_in(user)) == [GOOD]
    assert sites.ask("pending", user) == []
    # A user who is deleted meanwhile leaves no row behind.
    sites.set(logins=False)
    assert sites.ask("remove", user) is True
    assert site.database.root(f"SELECT meta_key FROM wp_usermeta WHERE user_id = {user.id}") == ""
    next_second()


def test_what_was_only_copied_and_ends_while_it_is_off(sites: Sites, site: Site, user: Account) -> None:
    sites.set(logins=False)
    visitor = sites.log_in(user)
    sites.set()
    assert sites.logged_in(visitor) == [GOOD]
    thief = copied(visitor)
    sites.set(logins=False)
    visitor.logout(site.url(EAST))
    sites.set()
    assert sites.logged_in(thief) == [REFUSED]


def test_what_ended_while_the_database_was_read_only_is_not_in_its_copy(sites: Sites, site: Site, user: Account) -> None:
    """Once the database takes it: else it would come back in an outage, or with the plugin switched off."""
    visitor = sites.log_in(user)
    thief = copied(visitor)
    with site.database.read_only():
        visitor.logout(site.url(EAST))
    assert sites.logged_in(thief) == [REFUSED]
    sites.log_in(user)
    sites.set(logins=False)
    assert sites.logged_in(thief) == [REFUSED]


@pytest.mark.parametrize("what", ["end", "drop"])
def test_everywhere_while_it_is_off_ends_what_only_dynamodb_has(sites: Sites, site: Site, user: Account, what: str) -> None:
    with site.database.read_only():
        visitor = sites.log_in(user)
    assert sites.logged_in(visitor) == [GOOD]
    sites.set(logins=False)
    sites.ask(what, user)
    sites.set()
    assert sites.logged_in(visitor) == [REFUSED]
    # For the tests that follow: all of all users have ended up to now.
    next_second()


def test_migration(sites: Sites, user: Account) -> None:
    sites.set(logins=False)
    visitors = [sites.log_in(user) for _ in range(3)]
    sites.set()
    assert [sites.ask("migrate", user) for _ in range(2)] == [{"copied": 3, "unsure": 0}, {"copied": 0, "unsure": 0}]
    assert [name[:2] for name in sites.items(user)] == ["s#"] * 3
    assert sites.logged_in(*visitors) == [GOOD] * 3


def test_a_migration_that_cannot_look_at_all_is_no_success(sites: Sites, lab: Lab, user: Account) -> None:
    sites.set(logins=False)
    visitor = sites.log_in(user)
    sites.set()
    crowd(sites, user, "e")
    assert sites.ask("migrate", user) == {"copied": 0, "unsure": 1}
    assert not any(name.startswith("s#") for name in sites.items(user))
    sites.log_in(user)
    sites.set(logins=False)
    assert sites.logged_in(visitor) == [GOOD]


def test_clocks_that_disagree(sites: Sites, lab: Lab, user: Account) -> None:
    """A session began on a host whose clock is a minute ahead. It ends all the same, and what begins then is good."""
    visitor = sites.log_in(user)
    (item,) = sites.items(user).values()
    item |= {"created": {"N": str(int(1000 * (time.time() + 60)))}}
    lab.item_put(EAST, item, TABLE)
    sites.ask("end", user)
    newcomer = sites.log_in(user)
    # As if it came late from the other Region.
    lab.item_put(EAST, item, TABLE)
    assert sites.logged_in(visitor, newcomer) == [REFUSED, GOOD]


def test_without_the_extension_wordpress_keeps_them_itself(sites: Sites, site: Site, user: Account) -> None:
    visitor = sites.log_in(user)
    with site.instead(EAST, extension=False):
        newcomer = sites.log_in(user)
        assert newcomer.is_logged_in(site.url(EAST)) and visitor.is_logged_in(site.url(EAST))
        newcomer.logout(site.url(EAST))
        assert not newcomer.is_logged_in(site.url(EAST))


def test_switched_on_by_the_environment(sites: Sites, site: Site, lab: Lab, user: Account) -> None:
    sites.set(logins=False)
    with site.instead(EAST, ini=INI, env={"WP_DYNAMODB_LOGINS": "1"}):
        visitor = sites.log_in(user)
        assert [name[:2] for name in sites.items(user)] == ["s#"] and visitor.is_logged_in(site.url(EAST))


def test_what_waits_keeps_nobody_that_the_other_order_does_not(sites: Sites, lab: Lab, user: Account) -> None:
    """Two of the same moment: DynamoDB knows one, the database the other."""
    one, other = sites.log_in(user), sites.log_in(user)
    moment = int(1000 * time.time())
    verifiers = [name[2:] for name in sites.items(user)]
    known = {"user": {"S": sites.partition(user)}, "item": {"S": f"e#{moment:013d}"}, "keep": {"S": json.dumps(verifiers)}}
    lab.item_put(EAST, known | {"expires": {"N": str(int(time.time()) + 86400)}}, TABLE)
    lab.replicated()
    assert sites.logged_in(one, other) == [GOOD, GOOD]
    assert sites.ask("remember", user, epoch=moment, keep=verifiers[0])
    assert sorted(sites.logged_in(one, other)) == [REFUSED, GOOD]
    assert json.loads(sites.items(user)[f"e#{moment:013d}"]["keep"]["S"]) == verifiers[:1]


# All users


def test_a_login_after_the_end_of_all_by_a_clock_that_is_ahead(sites: Sites, user: Account) -> None:
    before = sites.ask("dropped", at=int(1000 * (time.time() + 60)))
    try:
        assert sites.logged_in(sites.log_in(user)) == [GOOD]
    finally:
        sites.ask("dropped", at=before)


def test_all_sessions_of_all_users(sites: Sites, lab: Lab, user: Account) -> None:
    other = sites.account()
    visitors = [sites.log_in(user), sites.log_in(other, WEST)]
    thieves = [copied(visitor) for visitor in visitors]
    sites.ask("drop")
    assert sites.logged_in(*visitors) == [REFUSED, REFUSED]
    again = sites.log_in(user)
    assert sites.logged_in(again, *thieves) == [GOOD, REFUSED, REFUSED]
    next_second()


# The profile and privacy


def rows(sites: Sites, visitor: Visitor, address: str = "profile.php") -> list[str]:
    page = visitor.get(f"{sites.url(EAST)}/wp-admin/{address}").text
    table = re.search(r'id="wp-dynamodb-logins".*?<tbody>(.*?)</tbody>', page, re.S).group(1)
    return re.findall(r"<tr>(.*?)</tr>", table, re.S)


def press(sites: Sites, visitor: Visitor, row: str, address: str = "profile.php") -> requests.Response:
    """Presses a row's button, as a browser does: its form is elsewhere in the page, in no other form."""
    form, name, value = re.search(r'<button type="submit"[^>]* form="([^"]+)" name="([^"]+)" value="([^"]+)"', row).groups()
    before, found, rest = visitor.get(f"{sites.url(EAST)}/wp-admin/{address}").text.partition(f'<form id="{form}" method="post" action="')
    assert found and before.count("<form") == before.count("</form>")
    action, inside = re.match(r'([^"]+)">(.*?)</form>', rest, re.S).groups()
    data = {field: held for tag in re.findall(r"<input[^>]+>", inside) for field, held in re.findall(r'name="([^"]+)" value="([^"]*)"', tag)}
    return visitor.http.post(action, data=data | {name: value}, timeout=30)


def test_the_profile_lists_them_and_ends_one(sites: Sites, user: Account) -> None:
    visitor, laptop, phone = Visitor(), Visitor(), Visitor()
    laptop.http.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
    phone.http.headers["User-Agent"] = "<script>alert(1)</script>\\'\"\\"
    for one in (visitor, laptop, phone):
        one.login(sites.url(EAST), user.name, user.password)
    table = rows(sites, visitor)
    assert len(table) == 3 and sum("This session" in row for row in table) == 1 and "<script>" not in "".join(table)
    assert sum("&lt;script&gt;alert(1)&lt;/script&gt;\\&#039;&quot;\\" in row for row in table) == 1
    assert phone.http.headers["User-Agent"] in [session["ua"] for session in sites.ask("meta", user).values()]
    (row,) = [row for row in table if "Firefox Linux" in row]
    page = press(sites, visitor, row)
    assert page.status_code == 200 and "/wp-admin/profile.php" in page.url
    assert sites.logged_in(visitor, laptop, phone) == [GOOD, REFUSED, GOOD]
    assert len(rows(sites, visitor)) == 2
    # What a session is known by stands in no address, and so in no log.
    verifier = re.search(r'value="([0-9a-f]{64})"', row).group(1)
    assert all(verifier not in answer.url and verifier not in answer.request.headers.get("Referer", "") for answer in (page, *page.history))
    assert verifier not in (sites.site.nginx.run / "log" / "access.log").read_text()


def test_the_button_in_a_browser(run: Path, sites: Sites, user: Account) -> None:
    """It lies in one form and sends another one."""
    other = sites.log_in(user)
    browser = Browser(run)
    try:
        browser.open()
        browser.page("goto", f"{sites.url(EAST)}/wp-login.php")
        browser.at("#user_login", "fill", user.name)
        browser.at("#user_pass", "fill", user.password)
        browser.at("#wp-submit", "click")
        browser.appears("#wpadminbar")
        browser.page("goto", f"{sites.url(EAST)}/wp-admin/profile.php")
        browser.at("text=This session", "waitFor")
        browser.at("button[form=wp-dynamodb-end-login]", "click")
        wait.until(lambda: sites.logged_in(other) == [REFUSED], what="the other session to end", timeout=10)
        browser.appears("#wp-dynamodb-logins")
        assert browser.complaints == []
    finally:
        browser.stop()


def test_nobody_ends_what_is_not_theirs(sites: Sites, lab: Lab, user: Account) -> None:
    admin = sites.account("administrator")
    visitor, victim = sites.log_in(user), sites.log_in(admin)
    (verifier,) = [name[2:] for name in sites.items(admin)]
    (own,) = [name[2:] for name in sites.items(user)]
    lab.replicated()
    before = lab.dump(WEST, TABLE)

    def end(who: Visitor, nonce: str, *, how: str = "data", **fields: object) -> requests.Response:
        fields = {"action": "wp_dynamodb_end_login", "wp_dynamodb_nonce": nonce} | fields
        method = "POST" if how == "data" else "GET"
        address = f"{sites.url(EAST)}/wp-admin/admin-post.php"
        return who.http.request(method, address, **{how: fields}, timeout=30, allow_redirects=False)

    def nonce(who: Visitor, user_id: int) -> str:
        return sites.ask("nonce", visitor=who, action=f"wp_dynamodb_end_login_{user_id}")

    refused = [
        end(visitor, "", user=user.id, session=own),
        end(visitor, "0123456789", user=user.id, session=own),
        # Another one's session, with a nonce of one's own.
        end(visitor, nonce(visitor, user.id), user=admin.id, session=verifier),
        end(visitor, nonce(visitor, admin.id), user=admin.id, session=verifier),
        end(visitor, nonce(victim, admin.id), user=admin.id, session=verifier),
        # Nobody's.
        end(visitor, nonce(visitor, 0), user=0, session=own),
        end(visitor, nonce(visitor, 999999), user=999999, session=own),
        # What is no verifier.
        *(end(visitor, nonce(visitor, user.id), user=user.id, session=bad) for bad in ("", own + "0", own[:-1], "g" * 64, "0" * 3000)),
        end(visitor, nonce(visitor, user.id), **{"user": user.id, "session[]": own}),
        end(visitor, nonce(visitor, 1), **{"user[]": user.id, "session": own}),
        # In an address.
        end(visitor, nonce(visitor, user.id), how="params", user=user.id, session=own),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert end(Visitor(), "", user=user.id, session=own).status_code in (302, 400, 403)
    lab.replicated()
    assert lab.dump(WEST, TABLE) == before
    assert sites.logged_in(visitor, victim) == [GOOD, GOOD]
    # Who may edit the user may end it, on the user's page.
    (row,) = rows(sites, victim, f"user-edit.php?user_id={user.id}")
    assert "user-edit.php" in press(sites, victim, row, f"user-edit.php?user_id={user.id}").url
    assert sites.logged_in(visitor, victim) == [REFUSED, GOOD]


def test_the_list_in_an_outage(sites: Sites, user: Account, outage: None) -> None:
    visitor, other = sites.log_in(user), sites.log_in(user)
    sites.down()
    page = visitor.get(f"{sites.url(EAST)}/wp-admin/profile.php").text
    assert "the list may not be complete" in page
    (row,) = [row for row in rows(sites, visitor) if "<button" in row]
    assert press(sites, visitor, row).status_code == 200
    assert sites.logged_in(visitor, other) == [GOOD, REFUSED]
    sites.back(user)
    assert sites.logged_in(visitor, other) == [GOOD, REFUSED]


def test_personal_data(sites: Sites, site: Site, lab: Lab, user: Account, outage: None) -> None:
    visitor, other = sites.log_in(user), sites.log_in(user)
    exported = sites.ask("export", user)
    assert exported["done"] is True and len(exported["data"]) == 2
    assert {"name": "Address", "value": "127.0.0.1"} in exported["data"][0]["data"]
    erased = sites.ask("erase", user)
    assert (erased["items_removed"], erased["items_retained"], erased["messages"]) == (True, False, [])
    assert sites.logged_in(visitor, other) == [REFUSED, REFUSED]
    assert sites.ask("export", user)["data"] == []
    assert all("127.0.0.1" not in json.dumps(item) for item in sites.items(user).values())
    # Each of the two keeps what it does not take the end of, and is named.
    again = sites.log_in(user)
    with site.database.read_only():
        erased = sites.ask("erase", user)
    assert (erased["items_removed"], erased["items_retained"], len(erased["messages"])) == (True, True, 1)
    assert "The database takes no changes" in erased["messages"][0] and sites.logged_in(again) == [REFUSED]
    again = sites.log_in(user)
    sites.down()
    with site.database.read_only():
        erased = sites.ask("erase", user)
        assert (erased["items_removed"], erased["items_retained"], len(erased["messages"])) == (False, True, 1)
        assert "have not ended" in erased["messages"][0] and sites.logged_in(again) == [GOOD]
    erased = sites.ask("erase", user)
    assert (erased["items_removed"], erased["items_retained"], len(erased["messages"])) == (True, True, 1)
    assert "DynamoDB does not answer" in erased["messages"][0] and "They have ended" in erased["messages"][0]
    sites.back(user)
    assert sites.logged_in(again) == [REFUSED]
    assert sites.ask("export", Account("nobody", "", 0)) == {"data": [], "done": True}


def test_a_user_who_is_deleted(sites: Sites, lab: Lab, user: Account) -> None:
    visitor, partition = sites.log_in(user), sites.partition(user)
    assert sites.ask("remove", user) is True
    assert sites.logged_in(visitor) == [REFUSED]
    lab.replicated()
    for region in paths.REGIONS:
        kinds = [item["item"]["S"][:2] for item in lab.dump(region, TABLE) if item["user"]["S"] == partition]
        assert kinds == ["e#"]


# Uninstalling


def test_uninstalling_leaves_nothing_and_logs_nobody_out(sites: Sites, site: Site, user: Account, outage: None) -> None:
    active = ["wp-dynamodb/wp-dynamodb.php", "wp-dynamodb-demo-cart/wp-dynamodb-demo-cart.php"]
    visitor, leaver = sites.log_in(user), sites.log_in(user)
    thief = copied(leaver)
    sites.down()
    leaver.logout(site.url(EAST))
    assert len(sites.ask("pending", user)) == 1
    before = sites.ask("meta", user)
    (session,) = before.values()
    assert session.pop("wp_dynamodb_created") > 0
    sites.ask("plugins", active=json.dumps(active[1:]))
    try:
        assert sites.ask("uninstall") is True
        assert traces(site) == ""
        assert sites.ask("meta", user) == before
        assert sites.logged_in(visitor, thief) == [GOOD, REFUSED]
    finally:
        sites.ask("plugins", active=json.dumps(active))


def traces(site: Site) -> str:
    """What the database holds of the plugin."""
    return site.database.root(
        "SELECT option_name FROM wp_options WHERE option_name LIKE '%wp\\_dynamodb%' "
        "UNION SELECT meta_key FROM wp_usermeta WHERE CONCAT(meta_key, meta_value) LIKE '%wp\\_dynamodb%'"
    )


# Last


def test_nothing_unexpected_in_the_logs(sites: Sites, switched_on: dict[str, Fpm]) -> None:
    """Of everything above, with WP_DEBUG."""
    for host in switched_on.values():
        lines = host.php_log.read_text().splitlines() if host.php_log.is_file() else []
        assert [line for line in lines if not EXPECTED_LINE.search(line)] == []
        assert [line for line in lines if re.search(r"[0-9a-f]{64}", line)] == []
