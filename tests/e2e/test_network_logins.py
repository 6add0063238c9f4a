"""Login sessions on a network of sites: one login for all of them, in every Region; and what uninstalling leaves there."""

import re
import shutil
from collections.abc import Iterator

import pytest
from conftest import QUICK_POLL
from test_logins import EAST, TABLE, WEST, copied
from test_network import host_of, network  # noqa: F401 -- a fixture.
from test_settings_page import wp

from harness import fastcgi, paths
from harness.lab import Lab
from harness.site import Site
from harness.visitor import Visitor

pytestmark = pytest.mark.wordpress

SWITCHED_ON = """
update_site_option( 'active_sitewide_plugins', array( 'wp-dynamodb/wp-dynamodb.php' => time() ) );
update_site_option( 'wp_dynamodb_settings', array( 'logins' => true ) );
"""


@pytest.fixture
def base(site: Site, lab: Lab, network: str) -> Iterator[str]:  # noqa: F811
    """The network's address. Each host uses the DynamoDB of its own Region."""
    lab.table(TABLE, hash_key="user", range_key="item")
    # WordPress takes the colon out of a new site's domain.
    site.database.root(f"UPDATE wp_blogs SET domain = '{network.removeprefix('http://')}' WHERE path = '/second/'")
    wp(site, SWITCHED_ON, before=host_of(network, "/"))
    with site.instead(*paths.REGIONS, ini=QUICK_POLL | {"wp_dynamodb.routing": "local", "wp_dynamodb.switch_window": "1"}):
        yield network


def ask(site: Site, region: str, base: str, path: str, visitor: Visitor, script: str = "index.php") -> fastcgi.Response:
    """A page of the network, under its one address, from a Region's host."""
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.get_dict().items())
    host, docroot = base.removeprefix("http://"), site.wordpress.docroot
    return fastcgi.request(site.hosts[region].socket, {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": host.partition(":")[2],
        "HTTP_HOST": host, "HTTP_COOKIE": cookies, "REMOTE_ADDR": "127.0.0.1", "REQUEST_METHOD": "GET", "REQUEST_URI": path,
        "QUERY_STRING": path.partition("?")[2], "DOCUMENT_ROOT": str(docroot), "SCRIPT_NAME": f"/{script}", "SCRIPT_FILENAME": str(docroot / script),
    })


def is_logged_in(site: Site, base: str, visitor: Visitor) -> list[list[bool]]:
    """For each site, whether its front page knows the visitor: in the first Region, in the second one."""
    return [["wp-admin-bar-logout" in ask(site, region, base, path, visitor).body for region in paths.REGIONS] for path in ("/", "/second/")]


def partitions(lab: Lab) -> set[str]:
    return {item["user"]["S"] for item in lab.dump(EAST, TABLE)}


def test_one_login_for_all_sites_in_both_regions(base: str, site: Site, lab: Lab) -> None:
    before = partitions(lab)
    visitor = Visitor()
    visitor.login(base, "keeper", "keeper-of-a-site")
    thief = copied(visitor)
    lab.replicated()
    assert is_logged_in(site, base, visitor) == [[True, True], [True, True]]
    page = ask(site, WEST, base, "/second/", visitor).body
    assert "<title>Second" in page
    # The harness fixes the address of WordPress's own pages for all sites.
    query = re.search(r'wp-login\.php\?(action=logout[^"\']*)', page).group(1).replace("&#038;", "&")
    gone = ask(site, WEST, base, f"/second/wp-login.php?{query}", visitor, "wp-login.php")
    assert gone.status == 302 and "loggedout=true" in gone.header("Location")
    lab.replicated()
    assert is_logged_in(site, base, thief) == [[False, False], [False, False]]
    # One user, one partition, whichever site it was.
    assert len(partitions(lab) - before) == 1


SECOND_NETWORK = """
global $wpdb; $wpdb->insert( $wpdb->site, array( 'id' => 2, 'domain' => 'other.test', 'path' => '/' ) );
update_network_option( 2, 'active_sitewide_plugins', get_site_option( 'active_sitewide_plugins' ) );
update_network_option( 2, 'wp_dynamodb_logins_dropped', 0 );
"""


def test_other_networks_have_the_same_users(base: str, site: Site) -> None:
    """What ends the logins of all users ends them everywhere; what one network does without, another one keeps."""
    at = host_of(base, "/")
    wp(site, SECOND_NETWORK, before=at)
    wp(site, "WP_Session_Tokens::destroy_all_for_all_users();", before=at)
    dropped = site.database.root("SELECT site_id FROM wp_sitemeta WHERE meta_key = 'wp_dynamodb_logins_dropped' AND meta_value > 0 ORDER BY site_id")
    assert dropped.split() == ["1", "2"]
    # Somebody who may change files, in a folder of must-use plugins that may be written.
    folder = site.wordpress.docroot / "wp-content" / "mu-plugins"
    loader = folder / "wp-dynamodb-loader.php"
    text = loader.read_text()
    for path in (folder, loader):
        shutil.chown(path, paths.WEB_USER)
    gone = """
    add_filter( 'file_mod_allowed', '__return_true' ); require_once ABSPATH . 'wp-admin/includes/plugin.php';
    WP_DynamoDB\\install_loader(); deactivate_plugins( 'wp-dynamodb/wp-dynamodb.php', false, true ); echo WP_DynamoDB\\loader_state();
    """
    assert wp(site, gone, before=at) == "current"
    site.database.root("DELETE FROM wp_site WHERE id = 2; DELETE FROM wp_sitemeta WHERE site_id = 2")
    wp(site, "require_once ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin( 'wp-dynamodb/wp-dynamodb.php', '', true );", before=at)
    assert wp(site, gone, before=at) != "current"
    # As it was, for the tests that follow.
    loader.write_text(text)
    loader.chmod(0o644)
    shutil.chown(folder, "root")


def test_uninstalling_leaves_nothing_in_any_network(base: str, site: Site, lab: Lab) -> None:
    visitor = Visitor()
    visitor.login(base, "keeper", "keeper-of-a-site")
    host = base.removeprefix("http://")
    other = f"""
    global $wpdb; $wpdb->insert( $wpdb->site, array( 'id' => 2, 'domain' => '{host}', 'path' => '/other/' ) );
    $site = $wpdb->get_var( "SELECT blog_id FROM {{$wpdb->blogs}} WHERE path = '/second/'" );
    $wpdb->update( $wpdb->blogs, array( 'site_id' => 2 ), array( 'blog_id' => $site ) ); update_network_option( 2, 'main_site', $site );
    $kept = array( 'wp_dynamodb_settings', 'wp_dynamodb_region_map', 'wp_dynamodb_logins_dropped', 'wp_dynamodb_logins_since' );
    array_push( $kept, '_site_transient_wp_dynamodb_tables', '_site_transient_timeout_wp_dynamodb_tables' );
    foreach ( array( 1, 2 ) as $network ) {{
        foreach ( $kept as $name ) {{ update_network_option( $network, $name, array( 'a' => 1 ) ); }}
    }}
    update_blog_option( $site, 'wp_dynamodb_settings', 'from before' ); update_option( 'wp_dynamodb_settings', 'from before' );
    update_site_option( 'active_sitewide_plugins', array() );
    """
    wp(site, other, before=host_of(base, "/"))
    assert len(traces(site).splitlines()) > 12
    wp(site, "define( 'WP_UNINSTALL_PLUGIN', 'x' ); require WP_PLUGIN_DIR . '/wp-dynamodb/uninstall.php';", before=host_of(base, "/"))
    assert traces(site) == ""
    # WordPress's own sessions are the same ones.
    assert is_logged_in(site, base, visitor)[0] == [True, True]


def traces(site: Site) -> str:
    """What the database holds of the plugin, in any table in which WordPress stores options and user meta."""
    like = "LIKE '%wp\\\\_dynamodb%'"
    options = " UNION ALL ".join(f"SELECT option_name FROM {table} WHERE option_name {like}" for table in ("wp_options", "wp_2_options"))
    return site.database.root(
        f"{options} UNION ALL SELECT meta_key FROM wp_sitemeta WHERE meta_key {like} UNION ALL SELECT meta_key FROM wp_usermeta WHERE CONCAT(meta_key, meta_value) {like}"
    )
