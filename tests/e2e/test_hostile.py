"""The settings page, its forms and its REST routes, asked as somebody would who means harm: over HTTP, without a browser."""

import re
from collections.abc import Iterator

import pytest
from test_settings_page import EAST, FRESH, PAGE, wp

from harness.lab import Lab
from harness.site import Site
from harness.visitor import Visitor


def stored(site: Site) -> str:
    parts = "get_option( 'wp_dynamodb_settings' ), get_option( 'wp_dynamodb_region_map' ), get_site_transient( 'wp_dynamodb_tables' )"
    return wp(site, f"echo wp_json_encode( array( {parts} ) );")


@pytest.fixture
def subscriber(site: Site) -> Iterator[Visitor]:
    made = "wp_insert_user( array( 'user_login' => 'reader', 'user_pass' => 'reader-of-pages', 'role' => 'subscriber' ) );"
    wp(site, made)
    visitor = Visitor()
    visitor.login(site.url(EAST), "reader", "reader-of-pages")
    yield visitor
    wp(site, "require_once ABSPATH . 'wp-admin/includes/user.php'; wp_delete_user( get_user_by( 'login', 'reader' )->ID );")


def test_hostile_requests_store_nothing(site: Site, lab: Lab, subscriber: Visitor) -> None:
    """Over HTTP, as they would come: without a login, without the capability, without a nonce, with everything but sense."""
    wp(site, FRESH)
    before, log = stored(site), site.hosts[EAST].php_log
    seen = len(log.read_text()) if log.is_file() else 0
    base, admin, nobody = site.url(EAST), Visitor(), Visitor()
    admin.login(base, site.user, site.password)
    page = admin.get(base + PAGE).text
    nonces = dict(re.findall(r"name='option_page' value='(wp_dynamodb_\w+)'.*?name=\"_wpnonce\" value=\"(\w+)\"", page, re.S))
    rest = re.search(r'wpDynamoDB = .*?"nonce":"(\w+)"', page).group(1)

    def send(visitor: Visitor, group: str, nonce: str, fields: dict | None = None) -> int:
        form = {"option_page": group, "action": "update", "_wpnonce": nonce, "wp_dynamodb_settings[logins]": "1"} | (fields or {})
        return visitor.http.post(f"{base}/wp-admin/options.php", data=form, timeout=30, allow_redirects=False).status_code

    for group, nonce in nonces.items():
        assert send(admin, group, "") == 403 and send(admin, group, "0123456789") == 403
        assert send(subscriber, group, nonce) == 403
        assert send(nobody, group, nonce) == 302
    assert send(admin, "wp_dynamodb_settings", nonces["wp_dynamodb_map"]) == 403
    assert subscriber.get(base + PAGE).status_code == 403
    assert "wp-login.php" in nobody.get(base + PAGE, allow_redirects=False).headers["Location"]
    assert stored(site) == before

    hostile = ["<script>alert(1)</script>", "' OR 1=1 --", "\0", "../../../etc/passwd", "x" * 100000, "-1", "é" * 300, "{{7*7}}"]
    fields = ["wp_dynamodb_settings[logins]", "wp_dynamodb_settings[logins_table]", "wp_dynamodb_settings[logins_cap]", "wp_dynamodb_settings[media][]"]
    for text in hostile:
        every = {field: text for field in fields}
        assert send(admin, "wp_dynamodb_settings", nonces["wp_dynamodb_settings"], every) == 302
        refusal = admin.get(f"{base}{PAGE}&settings-updated=true").text
        assert refusal.count("was not saved: it must be") >= 3 and "<script>alert" not in refusal
    for name in ("wp_dynamodb_region_map", "wp_dynamodb_region_map[<b>][name][]", "wp_dynamodb_region_map[us-east-1][name]", "wp_dynamodb_region_map[us-east-1][name][]"):
        assert send(admin, "wp_dynamodb_map", nonces["wp_dynamodb_map"], {name: hostile[0]}) == 302
        refusal = admin.get(f"{base}{PAGE}&settings-updated=true").text
        assert "The Region map was not saved" in refusal and "<script>alert" not in refusal
    assert stored(site) == before

    def ask(visitor: Visitor, method: str, path: str, nonce: str = "", body: str = "{}") -> int:
        headers = {"Content-Type": "application/json"} | ({"X-WP-Nonce": nonce} if nonce else {})
        return visitor.http.request(method, f"{base}/wp-json/wp-dynamodb/v1{path}", headers=headers, data=body.encode(), timeout=30).status_code

    for method, path in (("GET", "/status"), ("GET", "/panel"), ("POST", "/test"), ("POST", "/preview")):
        body = '{"map": "{}"}'
        assert ask(nobody, method, path, body=body) == 401
        assert ask(admin, method, path, body=body) == 401 and ask(admin, method, path, "0123456789", body) == 403
        assert ask(subscriber, method, path, rest, body) == 403
    for body in ("", "{", "[]", '{"map": []}', '{"map": {"us-east-1": {}}}', '{"map": "' + "x" * 300000 + '"}', '{"map": "[[[[[[[[[[]]]]]]]]]]"}', '{"map": null}'):
        assert ask(admin, "POST", "/preview", rest, body) == 400, body[:40]
    assert stored(site) == before
    assert ask(admin, "GET", "/status?context[]=x&_fields[]=<b>", rest) in (200, 400)

    text = log.read_text()[seen:] if log.is_file() else ""
    assert [line for line in text.splitlines() if "/plugins/wp-dynamodb/" in line and "PHP " in line] == []
