"""The settings page, its forms and its REST routes, asked as somebody would who means harm: over HTTP, without a browser."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import pytest
from test_network import PAGE as NETWORK_PAGE
from test_network import host_of, network  # noqa: F401 (a fixture)
from test_settings_page import EAST, FRESH, PAGE, wp

from harness.lab import Lab
from harness.site import Site
from harness.visitor import Visitor

pytestmark = pytest.mark.wordpress

HOSTILE = ["<script>alert(1)</script>", "' OR 1=1 --", "\0", "../../../etc/passwd", "x" * 100000, "-1", "é" * 300, "{{7*7}}"]


class Forms:
    """The page with its two forms, of a single site or of a network."""

    def __init__(self, site: Site, base: str, page: str, target: str, admin: Visitor):
        self.site, self.base, self.page, self.target, self.admin = site, base, base + page, base + target, admin
        html = admin.get(self.page).text
        self.nonces = dict(re.findall(r"name='option_page' value='(wp_dynamodb_\w+)'.*?name=\"_wpnonce\" value=\"(\w+)\"", html, re.S))
        self.rest = re.search(r'wpDynamoDB = .*?"nonce":"(\w+)"', html).group(1)

    def send(self, visitor: Visitor, group: str, nonce: str, fields: dict | None = None) -> int:
        form = {"option_page": group, "action": "update", "_wpnonce": nonce, "wp_dynamodb_settings[logins]": "1"} | (fields or {})
        return visitor.http.post(self.target, data=form, timeout=30, allow_redirects=False).status_code

    def refusal(self, group: str, fields: dict) -> str:
        """What the administrator is told who sent this."""
        assert self.send(self.admin, group, self.nonces[group], fields) == 302
        said = self.admin.get(f"{self.page}&settings-updated=true").text
        assert "<script>alert" not in said
        return said

    def own_nonce(self, visitor: Visitor, action: str) -> str:
        """One that is the visitor's, as a page would hold it that the visitor may not see."""
        cookie = "wordpress_logged_in_wpdynamodb"
        login = f"$_COOKIE['{cookie}'] = '{unquote(visitor.cookie(cookie))}'; "
        return wp(self.site, f"echo wp_create_nonce( '{action}' );", before=host_of(self.base, "/") + login)

    def ask(self, visitor: Visitor, method: str, path: str, nonce: str = "", body: str = "{}") -> int:
        headers = {"Content-Type": "application/json"} | ({"X-WP-Nonce": nonce} if nonce else {})
        address = f"{self.base}/wp-json/wp-dynamodb/v1{path}"
        return visitor.http.request(method, address, headers=headers, data=body.encode(), timeout=30).status_code


def attack(forms: Forms, member: Visitor, stored: Callable[[], str]) -> None:
    """Without a login, without the capability, without a nonce, with everything but sense. `member` may log in, and no more."""
    before, admin, nobody = stored(), forms.admin, Visitor()
    assert set(forms.nonces) == {"wp_dynamodb_settings", "wp_dynamodb_map"}
    for group, nonce in forms.nonces.items():
        assert forms.send(admin, group, "") == 403 and forms.send(admin, group, "0123456789") == 403
        assert forms.send(member, group, nonce) == 403 and forms.send(member, group, forms.own_nonce(member, f"{group}-options")) == 403
        assert forms.send(nobody, group, nonce) == 302
    assert forms.send(admin, "wp_dynamodb_settings", forms.nonces["wp_dynamodb_map"]) == 403
    assert member.get(forms.page).status_code == 403
    assert "wp-login.php" in nobody.get(forms.page, allow_redirects=False).headers["Location"]
    assert stored() == before

    fields = ["wp_dynamodb_settings[logins]", "wp_dynamodb_settings[logins_table]", "wp_dynamodb_settings[logins_cap]", "wp_dynamodb_settings[media][]"]
    for text in HOSTILE:
        assert forms.refusal("wp_dynamodb_settings", {field: text for field in fields}).count("was not saved: it must be") >= 3
    for name in ("wp_dynamodb_region_map", "wp_dynamodb_region_map[<b>][name][]", "wp_dynamodb_region_map[us-east-1][name]", "wp_dynamodb_region_map[us-east-1][name][]"):
        assert "The Region map was not saved" in forms.refusal("wp_dynamodb_map", {name: HOSTILE[0]})
    assert stored() == before

    own = forms.own_nonce(member, "wp_rest")
    for method, path in (("GET", "/status"), ("GET", "/panel"), ("POST", "/test"), ("POST", "/preview")):
        body = '{"map": "{}"}'
        assert forms.ask(nobody, method, path, body=body) == 401
        assert forms.ask(admin, method, path, body=body) == 401 and forms.ask(admin, method, path, "0123456789", body) == 403
        assert forms.ask(member, method, path, forms.rest, body) == 403 and forms.ask(member, method, path, own, body) == 403
    for body in ("", "{", "[]", '{"map": []}', '{"map": {"us-east-1": {}}}', '{"map": "' + "x" * 300000 + '"}', '{"map": "[[[[[[[[[[]]]]]]]]]]"}', '{"map": null}'):
        assert forms.ask(admin, "POST", "/preview", forms.rest, body) == 400, body[:40]
    assert stored() == before
    assert forms.ask(admin, "GET", "/status?context[]=x&_fields[]=<b>", forms.rest) in (200, 400)


@pytest.fixture
def quiet(site: Site) -> Iterator[None]:
    """PHP has nothing to say of the plugin."""
    log = site.hosts[EAST].php_log
    seen = len(log.read_text()) if log.is_file() else 0
    yield
    text = log.read_text()[seen:] if log.is_file() else ""
    assert [line for line in text.splitlines() if "/plugins/wp-dynamodb/" in line and "PHP " in line] == []


def logged_in(base: str, user: str, password: str) -> Visitor:
    visitor = Visitor()
    visitor.login(base, user, password)
    return visitor


def test_hostile_requests_store_nothing(site: Site, lab: Lab, quiet: None) -> None:
    wp(site, FRESH + "wp_insert_user( array( 'user_login' => 'reader', 'user_pass' => 'reader-of-pages', 'role' => 'subscriber' ) );")
    try:
        base = site.url(EAST)
        forms = Forms(site, base, PAGE, "/wp-admin/options.php", logged_in(base, site.user, site.password))
        parts = "get_option( 'wp_dynamodb_settings' ), get_option( 'wp_dynamodb_region_map' ), get_site_transient( 'wp_dynamodb_tables' )"
        attack(forms, logged_in(base, "reader", "reader-of-pages"), lambda: wp(site, f"echo wp_json_encode( array( {parts} ) );"))
    finally:
        wp(site, "require_once ABSPATH . 'wp-admin/includes/user.php'; wp_delete_user( get_user_by( 'login', 'reader' )->ID );")


def test_hostile_requests_to_a_network_store_nothing(network: str, site: Site, lab: Lab, quiet: None) -> None:  # noqa: F811
    """Who runs one of its sites is a stranger to the network."""
    at = host_of(network, "/")
    wp(site, "require_once ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin( 'wp-dynamodb/wp-dynamodb.php', '', true );", before=at)
    forms = Forms(site, network, NETWORK_PAGE, "/wp-admin/network/edit.php?action=wp_dynamodb", logged_in(network, site.user, site.password))
    parts = "get_site_option( 'wp_dynamodb_settings' ), get_site_option( 'wp_dynamodb_region_map' ), get_site_transient( 'wp_dynamodb_tables' )"
    keeper = logged_in(network, "keeper", "keeper-of-a-site")
    attack(forms, keeper, lambda: wp(site, f"echo wp_json_encode( array( {parts} ) );", before=at))
    # Nor through WordPress's own page for a site's options, for which that person has the right.
    for group in forms.nonces:
        form = {"option_page": group, "action": "update", "_wpnonce": forms.own_nonce(keeper, f"{group}-options"), "wp_dynamodb_settings[logins_table]": "keepers"}
        assert keeper.http.post(f"{network}/wp-admin/options.php", data=form, timeout=30, allow_redirects=False).status_code != 302
    assert "keepers" not in site.database.root("SELECT option_value FROM wp_options WHERE option_name LIKE 'wp\\_dynamodb%'")


def test_one_site_of_a_network_cannot_activate_it(network: str, site: Site, lab: Lab) -> None:  # noqa: F811
    """`Network: true`: who runs a site does not see it; what is activated for one site is for all."""
    at, plugin = host_of(network, "/"), "wp-dynamodb/wp-dynamodb.php"
    shown = "echo wp_json_encode( array( get_option( 'active_plugins' ), array_keys( get_site_option( 'active_sitewide_plugins' ) ) ), JSON_UNESCAPED_SLASHES );"
    assert wp(site, f"update_site_option( 'menu_items', array( 'plugins' => '1' ) ); {shown}", before=at) == '[["wp-dynamodb-demo-cart/wp-dynamodb-demo-cart.php"],[]]'
    keeper = logged_in(network, "keeper", "keeper-of-a-site")
    page = keeper.get(f"{network}/wp-admin/plugins.php").text
    assert 'data-plugin="wp-dynamodb-demo-cart/' in page and plugin not in page
    keeper.get(f"{network}/wp-admin/plugins.php", params={"action": "activate", "plugin": plugin, "_wpnonce": "0123456789"})
    assert wp(site, shown, before=at) == '[["wp-dynamodb-demo-cart/wp-dynamodb-demo-cart.php"],[]]'
    wp(site, f"require_once ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin( '{plugin}' );", before=at)
    assert wp(site, shown, before=at) == f'[["wp-dynamodb-demo-cart/wp-dynamodb-demo-cart.php"],["{plugin}"]]'
