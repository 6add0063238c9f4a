"""The plugin on a network of sites: one page in the network admin, one set of options for all sites."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from browser import Browser
from test_settings_page import EAST, accessible, connection_says, todo, wp

from harness.lab import Lab
from harness.site import Site
from harness.visitor import Visitor

pytestmark = pytest.mark.wordpress

PAGE = "/wp-admin/network/settings.php?page=wp-dynamodb"


@pytest.fixture
def network(run, site: Site) -> Iterator[str]:
    """Makes a network of the site, with a second site in it; afterwards it is a single site again, as it was."""
    base = site.url(EAST)
    host = base.removeprefix("http://")
    config = site.wordpress.docroot / "wp-config.php"
    single = config.read_text()
    # Under the one address: a network knows its sites by host and path.
    at = f"$_SERVER['HTTP_HOST'] = '{host}'; "
    created = (
        "require_once ABSPATH . 'wp-admin/includes/admin.php'; require_once ABSPATH . 'wp-admin/includes/upgrade.php'; global $wpdb;"
        "foreach ( $wpdb->tables( 'ms_global' ) as $table => $name ) { $wpdb->$table = $name; } install_network();"
        f"$done = populate_network( 1, '{host}', 'admin@example.test', 'Network', '/', false ); if ( is_wp_error( $done ) ) {{ echo $done->get_error_message(); }}"
    )
    # WordPress does not look at WP_HOME and WP_SITEURL on a network.
    moved = (
        "global $wpdb; foreach ( array( 'home', 'siteurl' ) as $name ) {{"
        "$wpdb->update( $wpdb->options, array( 'option_value' => '{}' ), array( 'option_name' => $name ) ); }}"
    )
    networked = f"""
define( 'MULTISITE', true );
define( 'SUBDOMAIN_INSTALL', false );
define( 'DOMAIN_CURRENT_SITE', '{host}' );
define( 'PATH_CURRENT_SITE', '/' );
define( 'SITE_ID_CURRENT_SITE', 1 );
define( 'BLOG_ID_CURRENT_SITE', 1 );
"""
    try:
        wp(site, created + moved.format(base), before=f"define( 'WP_INSTALLING_NETWORK', true ); {at}")
        config.write_text(single.replace("\n$table_prefix", f"{networked}\n$table_prefix", 1))
        made = (
            "$keeper = wp_insert_user( array( 'user_login' => 'keeper', 'user_pass' => 'keeper-of-a-site' ) ); add_user_to_blog( 1, $keeper, 'administrator' );"
            f"$id = wpmu_create_blog( '{host}', '/second/', 'Second', $keeper ); echo is_wp_error( $id ) ? $id->get_error_message() : $id;"
            # It takes the colon out of the address.
            f"global $wpdb; $wpdb->update( $wpdb->blogs, array( 'domain' => '{host}' ), array( 'blog_id' => 2 ) );"
            f"update_blog_option( 2, 'home', '{base}/second' ); update_blog_option( 2, 'siteurl', '{base}/second' );"
            # The network's activation is another one than the single site's.
            "update_option( 'active_plugins', array_values( array_diff( get_option( 'active_plugins' ), array( 'wp-dynamodb/wp-dynamodb.php' ) ) ) );"
        )
        assert wp(site, made, before=at) == "2"
        yield base
    finally:
        config.write_text(single)
        wp(
            site,
            "global $wpdb; $tables = preg_grep( '/^wp_(2_|blogs$|blogmeta$|site$|sitemeta$|signups$|registration_log$)/', $wpdb->get_col( 'SHOW TABLES' ) );"
            "foreach ( $tables as $name ) { $wpdb->query( \"DROP TABLE {$name}\" ); }"
            "require_once ABSPATH . 'wp-admin/includes/user.php'; $keeper = get_user_by( 'login', 'keeper' ); if ( $keeper ) { wp_delete_user( $keeper->ID ); }"
            + moved.format(site.front),
        )
        site.wordpress.install()


COUNT = """<?php
define( 'SAVEQUERIES', true );
add_action( 'shutdown', static function () { printf( "\\n<!-- queries: %s -->", wp_json_encode( array_column( $GLOBALS['wpdb']->queries, 0 ) ) ); }, 0 );
"""


@pytest.fixture
def queries(site: Site) -> Iterator[Callable[[str], list[str]]]:
    """What a page that nobody is logged in to asks the database."""
    count = site.wordpress.docroot / "wp-content" / "mu-plugins" / "count.php"
    count.write_text(COUNT)
    count.chmod(0o644)

    def ask(address: str) -> list[str]:
        for _ in range(2):
            page = Visitor().get(address)
        return json.loads(re.search("<!-- queries: (.*) -->", page.text).group(1))

    yield ask
    count.unlink()


@pytest.mark.parametrize("path", ["/", "/second/"])
def test_an_anonymous_page_of_a_network(network: str, site: Site, lab: Lab, queries: Callable[[str], list[str]], path: str) -> None:
    """No query more than without the plugin: the one for its options brings what WordPress asks next. Never a call to DynamoDB."""
    config = site.wordpress.docroot / "wp-config.php"
    text = config.read_text()

    def active(yes: bool) -> None:
        change = "activate_plugin( 'wp-dynamodb/wp-dynamodb.php', '', true )" if yes else "deactivate_plugins( 'wp-dynamodb/wp-dynamodb.php', false, true )"
        wp(site, f"require_once ABSPATH . 'wp-admin/includes/plugin.php'; {change};", before=host_of(network, "/"))

    active(False)
    without = queries(network + path)
    active(True)
    lab.counters_reset()
    stored = queries(network + path)
    (one,) = more(stored, without)
    assert "IN ('wp_dynamodb_region_map', 'wp_dynamodb_settings'," in one
    assert len(stored) <= len(without), more(without, stored)
    try:
        config.write_text(text.replace("<?php\n", "<?php\ndefine( 'WP_DYNAMODB_REGION_MAP', array() );\n", 1))
        assert more(queries(network + path), without) == []
    finally:
        config.write_text(text)
    assert lab.calls(None, "dynamodb") == 0


def more(queries: list[str], than: list[str]) -> list[str]:
    return list((Counter(queries) - Counter(than)).elements())


def test_a_network(run, network: str, site: Site, lab: Lab) -> None:
    lab._post("/table", {"table": "network_logins", "hash_key": "user", "range_key": "item", "ttl_attribute": "expires"})
    browser = Browser(run)
    try:
        browser.open()
        browser.page("goto", f"{network}/wp-login.php")
        browser.at("#user_login", "fill", site.user)
        browser.at("#user_pass", "fill", site.password)
        browser.at("#wp-submit", "click")
        browser.appears("#wpadminbar")

        # A single site's activation is not the network's.
        browser.page("goto", f"{network}/wp-admin/network/plugins.php")
        browser.at("#activate-wp-dynamodb", "click")
        browser.appears("tr[data-slug=wp-dynamodb] .settings a")
        browser.at("tr[data-slug=wp-dynamodb] .settings a", "click")
        browser.appears(".wpd-headline")
        browser.at("#wpd-logins", "check")
        browser.at("#wpd-logins_table", "fill", "network_logins")
        browser.at("#wpd-save", "click")
        browser.appears(".notice-success", "Settings saved.")
        assert "All tables are as they should be" in connection_says(browser)
        assert todo(browser) == []
        accessible(browser)
        browser.shot("network")

        browser.at("#wpd-logins_table", "fill", "x")
        browser.at("#wpd-save", "click")
        browser.appears(".notice-error", "Table of login sessions was not saved")
        region = f'.wpd-region:has(legend:has-text("{EAST}")) input'
        browser.at(f"{region} >> nth=0", "fill", "SHOP_BUCKET")
        browser.at(f"{region} >> nth=1", "fill", "shop-east")
        browser.at("#wpd-save-map", "click")
        browser.appears(".notice-success", "Settings saved.")

        # The same for every site of the network, and nobody's but the network's.
        for path in ("/", "/second/"):
            shown = "echo get_current_blog_id(), SHOP_BUCKET, WP_DynamoDB\\setting( 'logins' ) ? 'on' : 'off';"
            assert wp(site, shown, before=host_of(network, path), AWS_REGION=EAST) == f"{2 if path == '/second/' else 1}shop-easton"
        # Who runs one site does not run the network.
        keeper = Visitor()
        keeper.login(network, "keeper", "keeper-of-a-site")
        assert keeper.get(network + PAGE).status_code == 403
        assert keeper.http.post(f"{network}/wp-admin/network/edit.php?action=wp_dynamodb", data={"option_page": "wp_dynamodb_settings"}).status_code == 403
        assert keeper.get(f"{network}/wp-admin/options-general.php").status_code == 200
        assert keeper.get(f"{network}/wp-admin/options-general.php?page=wp-dynamodb").status_code == 403
        assert browser.complaints == []
    finally:
        browser.stop()


def host_of(base: str, path: str) -> str:
    return f"$_SERVER['HTTP_HOST'] = '{base.removeprefix('http://')}'; $_SERVER['REQUEST_URI'] = '{path}'; "
