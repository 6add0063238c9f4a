"""`wp dynamodb …` on a real WordPress with the extension and real users: what it counts, copies, lists and ends. WP-CLI itself is a stand-in."""

import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_settings_page import EAST, FRESH, wp

from harness import paths, process
from harness.fpm import lab_env
from harness.lab import Lab
from harness.site import Site

pytestmark = pytest.mark.wordpress

STAND_IN = Path(__file__).parents[1] / "wordpress" / "support" / "wp-cli.php"
RUN = """
require $argv[1];
chdir( $argv[2] );
$_SERVER += array( 'HTTP_HOST' => '127.0.0.1', 'SERVER_PROTOCOL' => 'HTTP/1.1' );
require 'wp-load.php';
try { ( new ( WP_CLI::$commands['dynamodb'] )() )->{$argv[3]}( json_decode( $argv[4], true ), json_decode( $argv[5], true ) ); } catch ( Ended ) {}
echo implode( "\\n", $GLOBALS['said'] );
exit( $GLOBALS['ended'] );
"""
# More than are read at once.
MANY = 103
USERS = f"""
// Not by WordPress, which would log out everybody by that.
global $wpdb; $wpdb->delete( $wpdb->usermeta, array( 'meta_key' => 'session_tokens' ) );
add_filter( 'send_password_change_email', '__return_false' );
// From PHP 8.4 a password costs a quarter of a second.
add_filter( 'wp_hash_password_options', fn () => array( 'cost' => 4 ) );
for ( $number = 1; $number <= {MANY}; $number++ ) {{
    $id = wp_insert_user( array( 'user_login' => "cli{{$number}}", 'user_pass' => 'x', 'user_email' => "cli{{$number}}@example.test" ) );
    $sessions = array();
    for ( $one = 1; $one <= ( 2 === $number ? 2 : 1 ); $one++ ) {{
        $session = array( 'expiration' => time() + 86400, 'ip' => "192.0.2.{{$one}}", 'ua' => 'Firefox/1', 'login' => time() - 60 );
        $sessions[ hash( 'sha256', "{{$number}} {{$one}}" ) ] = $session;
    }}
    update_user_meta( $id, 'session_tokens', $sessions );
}}
"""
GONE = """
require_once ABSPATH . 'wp-admin/includes/user.php';
foreach ( get_users( array( 'search' => 'cli*', 'search_columns' => array( 'user_login' ) ) ) as $user ) { wp_delete_user( $user->ID ); }
"""


@pytest.fixture
def table() -> str:
    return f"logins_{secrets.token_hex(4)}"


@pytest.fixture
def cli(run: Path, site: Site, lab: Lab, table: str) -> Iterator[Callable[..., tuple[int, list[str]]]]:
    """A command's exit code and lines, on a host of the first Region."""
    lab._post("/table", {"table": table, "hash_key": "user", "range_key": "item", "ttl_attribute": "expires"})
    wp(site, FRESH + f"update_option( 'wp_dynamodb_settings', array( 'logins' => true, 'logins_table' => '{table}' ) );" + USERS)
    stand_in = run / "wp-cli.php"
    shutil.copyfile(STAND_IN, stand_in)

    def ask(command: str, *args: str, **named: object) -> tuple[int, list[str]]:
        php = [*paths.PHP_AS_WEB_USER, "-c", str(site.hosts[EAST].run / "php.ini"), "-d", "display_errors=stderr", "-r", RUN, "--"]
        done = subprocess.run(
            [*php, str(stand_in), str(site.wordpress.docroot), command, json.dumps(args), json.dumps(named or {})],
            capture_output=True, text=True, timeout=60, check=False, env={**process.base_env(), **lab_env(EAST)},
        )
        print(command, args, named, done.returncode, done.stdout[-500:], done.stderr[-500:])
        return done.returncode, done.stdout.splitlines()

    yield ask
    lab.reset()
    # Other tests have logins that began long ago.
    wp(site, GONE + FRESH + "update_option( 'wp_dynamodb_logins_dropped', 0 );")


def stored(lab: Lab, table: str) -> list[dict]:
    return [item for item in lab.dump(EAST, table) if item["item"]["S"].startswith("s#")]


def test_logins_are_counted_copied_listed_and_ended(cli: Callable[..., tuple[int, list[str]]], site: Site, lab: Lab, table: str) -> None:
    count = ["100 users, 0 sessions copied", f"{MANY} users, 0 sessions copied"]
    assert cli("migrate", **{"dry-run": True}) == (0, [*count, f"Success: {MANY} users have login sessions in user meta"])
    assert stored(lab, table) == []
    code, said = cli("migrate")
    assert (code, said[-1]) == (0, f"Success: {MANY} users, {MANY + 1} sessions copied")
    assert len(stored(lab, table)) == MANY + 1
    # What is there is not copied once more.
    assert cli("migrate") == (0, [*count, f"Success: {MANY} users, 0 sessions copied"])
    # Rows of users who are gone, as imports leave them, hinder nobody.
    wp(site, "global $wpdb; $wpdb->insert( $wpdb->usermeta, array( 'user_id' => 99999, 'meta_key' => 'session_tokens', 'meta_value' => 'a:0:{}' ) );")
    assert cli("migrate")[0] == 0
    wp(site, "delete_user_meta( 99999, 'session_tokens' );")

    user = wp(site, "echo get_user_by( 'login', 'cli2' )->ID;")
    for name in (user, "cli2", "cli2@example.test"):
        code, said = cli("sessions", name, format="json")
        rows = json.loads(said[0])
        assert code == 0 and sorted(row["ip"] for row in rows) == ["192.0.2.1", "192.0.2.2"]
        assert all(re.fullmatch("[0-9a-f]{12}", row["session"]) and "Firefox" in row["device"] and row["until"] > row["since"] for row in rows)
    for shape in ("csv", "table"):
        code, said = cli("sessions", "cli2", format=shape)
        assert (code, len(said)) == (0, 2) and "192.0.2.1" in "".join(said)
    assert cli("sessions", "cli2", end=True) == (0, ["Success: 2 login session(s) of cli2 have ended"])
    assert cli("sessions", "cli2", format="json") == (0, ["[]"])
    assert len(json.loads(cli("sessions", "cli3", format="json")[1][0])) == 1
    # Nor does user meta bring them back.
    code, said = cli("migrate")
    assert (code, said[-1].endswith(", 0 sessions copied")) == (0, True)
    assert cli("sessions", "cli2", format="json") == (0, ["[]"])


def test_what_was_not_stored_is_no_success(cli: Callable[..., tuple[int, list[str]]], site: Site, lab: Lab, table: str) -> None:
    assert cli("migrate")[0] == 0
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "refuse")
    with site.database.read_only():
        code, said = cli("sessions", "cli2", end=True)
    assert code == 1 and said[-1].startswith("Error: nothing has ended: neither DynamoDB nor the database takes changes")
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
    # Larger than an item may be.
    large = """
    $user = get_user_by( 'login', 'cli3' )->ID;
    $session = array( 'expiration' => time() + 900, 'login' => time(), 'ua' => str_repeat( 'x', 500000 ) );
    update_user_meta( $user, 'session_tokens', array( str_repeat( 'a', 64 ) => $session ) );
    """
    wp(site, large)
    code, said = cli("migrate")
    assert code == 1 and re.match(r"Error: stopped at user \d+, after \d+ sessions: a login session cannot be stored in DynamoDB", said[-1])


def test_in_an_outage_commands_end_with_1_and_go_on_after_it(cli: Callable[..., tuple[int, list[str]]], site: Site, lab: Lab, table: str) -> None:
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "refuse")
    code, said = cli("sessions", "cli2", format="json")
    # What user meta knows is shown; that it may not be all is in the code.
    assert code == 1 and len(json.loads(said[0])) == 2
    code, said = cli("migrate")
    assert code == 1 and re.match(r"Error: stopped at user \d+, after 0 sessions: .*; run it again, it goes on$", said[-1])
    assert cli("health")[0] == 1
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "none")
    assert cli("migrate")[1][-1] == f"Success: {MANY} users, {MANY + 1} sessions copied"
    assert len(stored(lab, table)) == MANY + 1


def test_the_logins_of_all_users_end(cli: Callable[..., tuple[int, list[str]]], site: Site, lab: Lab, table: str) -> None:
    assert cli("migrate")[0] == 0
    for args, named in (((), {}), (("cli2",), {"all": True, "end": True}), ((), {"all": True})):
        assert cli("sessions", *args, **named) == (1, ["Error: name one user, or end the sessions of all: --all --end"])
    assert len(json.loads(cli("sessions", "cli3", format="json")[1][0])) == 1
    with site.database.read_only():
        assert cli("sessions", all=True, end=True) == (1, ["Error: nothing has ended: the database does not take changes; run it where it does"])
    assert cli("sessions", all=True, end=True) == (0, ["Success: the login sessions of all users have ended"])
    assert cli("sessions", "cli3", format="json") == (0, ["[]"])
