"""The settings page in Chromium, before the real stack: every state of it, its forms, its buttons, by mouse and by keyboard."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import Browser

from harness import paths, process, wait
from harness.fpm import Fpm
from harness.lab import Lab
from harness.site import Site
from harness.visitor import Visitor

pytestmark = pytest.mark.wordpress

EAST, WEST = paths.REGIONS
PAGE = "/wp-admin/options-general.php?page=wp-dynamodb"
LOGINS = "wordpress_logins"


def wp(site: Site, code: str, *, before: str = "$_SERVER['HTTP_HOST'] = '127.0.0.1'; ", **env: str) -> str:
    """Runs PHP in the site, on the command line and without the extension."""
    start = f"$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1'; {before} require 'wp-load.php'; "
    done = subprocess.run(
        [*paths.PHP_AS_WEB_USER, "-d", "display_errors=stderr", "-d", "session.save_handler=files", "-r", start + code],
        cwd=site.wordpress.docroot, capture_output=True, text=True, timeout=30, check=True, env={**process.base_env(), **env},
    )
    return done.stdout


FRESH = """
foreach ( array( 'wp_dynamodb_settings', 'wp_dynamodb_region_map' ) as $name ) { update_option( $name, array() ); }
delete_site_transient( 'wp_dynamodb_tables' );
"""


@pytest.fixture(scope="module")
def started_browser(run: Path, started_site: Site) -> Iterator[tuple[Browser, dict]]:
    browser = Browser(run)
    browser.open()
    browser.page("goto", started_site.url(EAST) + "/wp-login.php")
    browser.at("#user_login", "fill", started_site.user)
    browser.at("#user_pass", "fill", started_site.password)
    browser.at("#wp-submit", "click")
    browser.appears("#wpadminbar")
    cookies = browser._ask({"chain": [["context"], ["storageState"]]})
    yield browser, cookies
    browser.stop()
    wp(started_site, FRESH)


@pytest.fixture
def browser(started_browser: tuple[Browser, dict], site: Site) -> Iterator[Browser]:
    """A window in which the administrator is logged in; the plugin's options are as after its activation."""
    browser, cookies = started_browser
    wp(site, FRESH)
    browser.open(storageState=cookies)
    yield browser
    assert browser.complaints == []


@pytest.fixture
def unset(site: Site) -> Iterator[None]:
    """WordPress before the plugin was activated; afterwards it is there again, whatever became of the test."""
    (site.wordpress.docroot / "wp-content" / "mu-plugins" / "wp-dynamodb-loader.php").unlink()
    wp(site, "require_once ABSPATH . 'wp-admin/includes/plugin.php'; deactivate_plugins( 'wp-dynamodb/wp-dynamodb.php' );")
    yield
    site.wordpress.copy()
    site.wordpress.install()


@pytest.fixture
def east(site: Site) -> Iterator[Callable[..., Fpm]]:
    """Puts another host in the place of the site's first one: with other settings, or without the extension."""
    usual, now = site.hosts[EAST], []

    def start(**options: object) -> Fpm:
        usual.stop()
        ini = {"wp_dynamodb.region_poll_interval": "1", "wp_dynamodb.switch_window": "1"} | options.pop("ini", {})
        now.append(Fpm(usual.name, site.run, site.ports, EAST, docroot=site.wordpress.docroot, workers=3, ini=ini, **options).start())
        return now[-1]

    yield start
    if now:
        now[-1].stop()
        usual.start()


def show(browser: Browser, site: Site) -> str:
    """Opens the page; what its first line says."""
    browser.page("goto", site.url(EAST) + PAGE)
    return browser.text(".wpd-headline")


def refreshed(browser: Browser) -> None:
    """The page's own clock goes on by the ten seconds after which it fetches its panel."""
    browser._ask({"chain": [["clock"], ["runFor", 10500]]})


def todo(browser: Browser) -> list[str]:
    """The steps of the guide that are left."""
    return [" ".join(text.split()) for text in browser.all(".wpd-todo > strong")]


def accessible(browser: Browser) -> None:
    """With everything opened that can be."""
    browser.page("evaluate", "document.querySelectorAll('.wpd details').forEach((one) => { one.open = true; })")
    assert browser.violations(".wrap.wpd") == []


def connection_says(browser: Browser) -> str:
    """Presses "Test connection"; what it says in the end."""
    browser.at("#wpd-test", "click")
    browser.page("waitForFunction", "!document.getElementById('wpd-test-says').textContent.match(/^(Asking.*)?$/)")
    return browser.text("#wpd-test-says")


def test_all_is_well(browser: Browser, site: Site, lab: Lab) -> None:
    lab._post("/table", {"table": LOGINS, "hash_key": "user", "range_key": "item", "ttl_attribute": "expires"})
    wp(site, f"update_option( 'wp_dynamodb_settings', array( 'logins' => true, 'logins_table' => '{LOGINS}' ) );")
    Visitor().cart(site.url(EAST), "add", "Tea")
    show(browser, site)
    assert "All tables are as they should be" in connection_says(browser)
    assert "All is well." in browser.text(".wpd-headline") and todo(browser) == []
    browser.shot("all-well")
    accessible(browser)
    assert browser.all("#wp-admin-bar-wp-dynamodb .ab-item") == [f"✓ {EAST}\n(all is well)"]


def test_without_the_extension(browser: Browser, site: Site, east: Callable[..., Fpm]) -> None:
    east(extension=False)
    assert "Sessions are not safe in DynamoDB." in show(browser, site)
    browser.shot("extension-missing")
    assert todo(browser) == ["The PHP extension wp_dynamodb is loaded"]
    assert "extension = wp_dynamodb" in browser.text(".wpd-todo pre")
    # What does not need it works all the same.
    browser.at("#wpd-admin_bar", "uncheck")
    browser.at("#wpd-save", "click")
    browser.appears(".notice-success", "Settings saved.")
    accessible(browser)


def test_the_handler_is_not_selected(browser: Browser, site: Site, east: Callable[..., Fpm]) -> None:
    sessions = paths.give_to_web_user(site.run / "sessions")
    east(ini={"session.save_handler": "files", "session.save_path": str(sessions)})
    assert "Sessions are not safe in DynamoDB." in show(browser, site)
    browser.shot("handler-not-selected", "#wpd-panel")
    assert "PHP keeps its sessions in DynamoDB" in todo(browser)
    assert "session.save_handler = dynamodb" in browser.text(".wpd-todo pre")
    accessible(browser)


def test_settings_that_the_extension_refuses(browser: Browser, site: Site, east: Callable[..., Fpm]) -> None:
    east(ini={"wp_dynamodb.request_timeout_ms": "never"})
    show(browser, site)
    browser.shot("settings-refused")
    assert "request_timeout_ms" in browser.text(".wpd-todo")
    accessible(browser)


def test_a_missing_table_and_the_command_that_makes_it(browser: Browser, site: Site, lab: Lab) -> None:
    wp(site, "update_option( 'wp_dynamodb_settings', array( 'logins' => true, 'logins_table' => 'not_there' ) );")
    show(browser, site)
    assert "Some tables are not as they should be" in connection_says(browser)
    assert browser.focused() == "wpd-test"
    browser.shot("table-missing", "#wpd-panel")
    assert todo(browser) == ["The table not_there (login sessions) is in every Region"]
    command = browser.text(".wpd-todo pre").splitlines()
    assert command[0] == (
        "aws dynamodb create-table --region us-east-1 --table-name not_there --billing-mode PAY_PER_REQUEST "
        "--attribute-definitions AttributeName=user,AttributeType=S AttributeName=item,AttributeType=S "
        "--key-schema AttributeName=user,KeyType=HASH AttributeName=item,KeyType=RANGE"
    )
    assert command[-1].endswith("--table-name not_there --time-to-live-specification Enabled=true,AttributeName=expires")
    accessible(browser)


def test_no_permission_and_the_policy_that_gives_it(browser: Browser, site: Site, lab: Lab) -> None:
    for region in paths.REGIONS:
        lab.fault(region, "dynamodb", "denied")
    show(browser, site)
    browser.at("#wpd-test", "click")
    browser.appears("#wpd-panel td", "no permission")
    browser.shot("no-permission", "#wpd-panel")
    policy = browser.text(".wpd-todo pre")
    assert '"dynamodb:UpdateItem"' in policy and f"arn:aws:dynamodb:*:*:table/{paths.TABLE}" in policy and paths.PARAMETER.strip("/") in policy
    assert f"The credentials of this host do not allow it in {EAST}, {WEST}." in browser.text(".wpd-todo p")
    assert "It refuses to read or write sessions" in browser.text(".wpd-headline")
    accessible(browser)


def test_a_lost_region_is_bridged_and_then_none_answers(browser: Browser, site: Site, lab: Lab, east: Callable[..., Fpm]) -> None:
    """The open page sees it by itself: the panel is fetched anew."""
    host = east(ini={"wp_dynamodb.failover": "auto"})
    visitor = Visitor()
    visitor.cart(site.url(EAST), "add", "Tea")
    browser._ask({"chain": [["clock"], ["install"]]})
    assert "Sessions are kept in DynamoDB." in show(browser, site)

    for region, said, why in ((EAST, "The site works, and somebody should look.", "bridged"), (WEST, "Sessions are not safe in DynamoDB.", "none_healthy")):
        lab.fault(region, "dynamodb", "refuse")
        while host.status()["why"] != why:
            visitor.cart_response(site.url(EAST), "add", "Tea")
        refreshed(browser)
        browser.appears(".wpd-headline", said)
        browser.shot(f"region-{why}", "#wpd-panel")
        assert said in browser.text("#wpd-says")
        accessible(browser)
    browser.page("evaluate", "document.activeElement.blur()")
    browser.page("evaluate", "window.fetch = () => Promise.reject(new Error('gone'))")
    refreshed(browser)
    browser.appears("#wpd-stale", "cannot be brought up to date")


def test_what_is_fixed_outside_is_locked(browser: Browser, site: Site, east: Callable[..., Fpm]) -> None:
    fixed = {"WP_DYNAMODB_LOGINS_CAP": "7", "WP_DYNAMODB_REGION_MAP": '{"us-east-1": {"SHOP_BUCKET": "east"}}', "WP_DYNAMODB_LOGINS_WINDOW": "often"}
    config = site.wordpress.docroot / "wp-config.php"
    text = config.read_text()
    east(env={name: value.replace('"', '\\"') for name, value in fixed.items()})
    try:
        config.write_text(text.replace("<?php\n", "<?php\ndefine( 'WP_DYNAMODB_ADMIN_BAR', false );\n", 1))
        show(browser, site)
        browser.shot("locked")
        for field in ("#wpd-logins_cap", "#wpd-admin_bar", ".wpd-region input >> nth=0"):
            assert browser.at(field, "isDisabled") is True
        assert browser.at("#wpd-logins_cap", "inputValue") == "7"
        assert "Fixed by the environment variable WP_DYNAMODB_LOGINS_CAP." in browser.text("#wpd-logins_cap-help")
        assert "Fixed by the constant WP_DYNAMODB_ADMIN_BAR in wp-config.php." in browser.text("#wpd-admin_bar-help")
        assert "was passed over" in browser.text("#wpd-logins_window-help")
        assert browser.all("#wpd-preview") == [] and browser.all("#wp-admin-bar-wp-dynamodb") == []
        accessible(browser)
        # What is not fixed can be saved beside it.
        browser.at("#wpd-logins_window", "fill", "60")
        browser.at("#wpd-save", "click")
        browser.appears(".notice-success", "Settings saved.")
    finally:
        config.write_text(text)
    stored = wp(site, "echo wp_json_encode( get_option( 'wp_dynamodb_settings' ) );")
    assert '"logins_window":60' in stored and "logins_cap" not in stored and "admin_bar" not in stored


def test_the_region_map(browser: Browser, site: Site) -> None:
    show(browser, site)
    first = f'.wpd-region:has(legend:has-text("{EAST}"))'
    browser.at(f"{first} input >> nth=0", "fill", "SHOP_BUCKET")
    browser.at(f"{first} input >> nth=1", "fill", "shop-east")
    browser.at(f"{first} .wpd-more", "click")
    browser.type("DB_HOST")
    browser.press("Tab")
    browser.type("db.example.test")
    browser.at("#wpd-preview", "click")
    browser.appears("#wpd-preview-says", "DB_HOST is reserved")
    assert f'{EAST}: SHOP_BUCKET = "shop-east"' in browser.text("#wpd-preview-says")
    browser.shot("map-problem", "#wpd-map-form")
    accessible(browser)

    # Not sent, so that what was typed is still there...
    browser.at("#wpd-save-map", "click")
    browser.appears("#wpd-preview-says", "nothing is saved before")
    assert wp(site, "echo wp_json_encode( get_option( 'wp_dynamodb_region_map' ) );") == "[]"
    # ...and without JavaScript refused by the server.
    browser.page("evaluate", "HTMLFormElement.prototype.submit.call(document.getElementById('wpd-map-form'))")
    browser.appears(".notice-error", "DB_HOST is reserved")
    assert wp(site, "echo wp_json_encode( get_option( 'wp_dynamodb_region_map' ) );") == "[]"

    browser.at(f"{first} input >> nth=0", "fill", "SHOP_BUCKET")
    browser.at(f"{first} input >> nth=1", "fill", "shop-east")
    browser.at("#wpd-save-map", "click")
    browser.appears(".notice-success", "Settings saved.")
    assert browser.at(f"{first} input >> nth=1", "inputValue") == "shop-east"
    assert wp(site, "echo SHOP_BUCKET;", AWS_REGION=EAST) == "shop-east"
    browser.shot("map-saved")


def test_by_keyboard_alone(browser: Browser, site: Site) -> None:
    """From the first field on: everything is reached by Tab, in the order of the page, and works by Space and Enter."""
    show(browser, site)
    browser.at("#wpd-test", "focus")
    browser.press("Enter")
    browser.appears("#wpd-panel td", "as it should be")
    seen = []
    while browser.focused() != "wpd-logins":
        browser.press("Tab")
        seen.append(browser.focused())
        assert len(seen) < 40
    browser.press("Space", "Tab")
    assert browser.focused() == "wpd-logins_table"
    browser.press("Control+A")
    browser.type("x")
    browser.press("Tab", "Control+A")
    browser.type("12")
    browser.press("Enter")
    browser.appears(".notice-error", "Table of login sessions was not saved: it must be the name of a DynamoDB table")
    browser.shot("setting-refused")
    # The others are saved.
    assert browser.at("#wpd-logins_cap", "inputValue") == "12" and browser.at("#wpd-logins", "isChecked") is True
    assert browser.at("#wpd-logins_table", "inputValue") == "wordpress_logins"


def test_the_plot(browser: Browser, site: Site) -> None:
    """An hour takes an hour: this one is made up."""
    minute = (
        "array( 'at' => 1790000000 + 60 * $i, 'calls' => 40 + $i % 7, 'errors' => in_array( $i, array( 20, 21, 22 ), true ) ? 30 : 0, "
        "'p50_ms' => 2 + ( $i % 5 ) / 4, 'p99_ms' => 6 + ( $i * 7 % 11 ) )"
    )
    code = f"$h = array(); for ( $i = 0; $i < 60; $i++ ) {{ $h[] = {minute}; }} WP_DynamoDB\\show_history( 'us-east-1', $h );"
    html = wp(site, code)
    show(browser, site)
    browser.page("evaluate", f"document.querySelector('.wpd-plot').outerHTML = {html!r}")
    browser.shot("plot", ".wpd-plot >> nth=0")
    accessible(browser)


def apply(lab: Lab, commands: list[str]) -> None:
    """What the AWS command line would do with these commands, done by the lab."""
    for command in commands:
        words, options = command.split(), dict(re.findall(r"(--[a-z-]+) ([^-]\S*)", command))
        if words[2] == "create-table":
            keys = {role: name for name, role in re.findall(r"AttributeName=(\w+),KeyType=(\w+)", command)}
            lab._post("/table", {"table": options["--table-name"], "hash_key": keys["HASH"], "range_key": keys.get("RANGE"), "ttl_attribute": "expires"})
        elif words[2] == "put-parameter":
            lab.parameter(options["--value"], (options["--region"],))


def test_from_a_fresh_wordpress_to_everything_in_two_regions(
    browser: Browser, site: Site, lab: Lab, unset: None, east: Callable[..., Fpm],
) -> None:
    """As somebody would who knows nothing but what the pages say."""
    lab.parameter(None)
    east(extension=False)

    browser.page("goto", site.url(EAST) + "/wp-admin/plugins.php")
    browser.at("#activate-wp-dynamodb", "click")
    browser.appears("tr[data-slug=wp-dynamodb] .settings a")
    browser.appears(".notice-warning", "The PHP extension wp_dynamodb is not loaded")
    browser.shot("walk-1-activated", hide=str(site.wordpress.docroot))
    browser.at("tr[data-slug=wp-dynamodb] .settings a", "click")
    browser.appears(".wpd-todo")
    assert todo(browser) == ["The PHP extension wp_dynamodb is loaded"]
    lines = dict(line.replace('"', "").split(" = ") for line in browser.text(".wpd-todo pre").splitlines())
    assert lines == {"extension": "wp_dynamodb", "session.save_handler": "dynamodb", "wp_dynamodb.regions": "us-east-1,us-west-2"}

    # The extension is there, its tables are not: that of login sessions is wanted before they are switched on.
    east(ini={"wp_dynamodb.table": "shop_sessions"})
    show(browser, site)
    browser.at("#wpd-logins_table", "fill", "shop_logins")
    browser.at("#wpd-save", "click")
    browser.appears(".notice-success", "Settings saved.")
    browser.at("#wpd-test", "click")
    browser.appears(".wpd-todo", "There is no such table.")
    browser.shot("walk-2-guide", "#wpd-panel", hide=str(site.wordpress.docroot))
    assert todo(browser) == [
        "The table shop_sessions (PHP sessions) is in every Region",
        "The table shop_logins (login sessions) is in every Region",
        "The SSM parameter names the active Region, in every Region",
        "Login sessions are kept in DynamoDB",
        "The must-use loader is installed",
    ]
    commands = browser.all(".wpd-todo pre")
    apply(lab, [line for command in commands[:3] for line in command.splitlines()])
    subprocess.run(["/bin/sh", "-c", commands[3]], check=True)

    browser.at("#wpd-logins", "check")
    browser.at("#wpd-save", "click")
    browser.appears(".notice-success", "Settings saved.")
    # Extension and host know of it within a second or two.
    wait.until(lambda: "All tables are as they should be" in connection_says(browser), what="the tables to be found", timeout=10)
    wait.until(lambda: connection_says(browser) and todo(browser) == [], what="the parameter to be read", timeout=10)
    browser.appears(".wpd-guide", "Everything is set up")
    # What was refused before the table was there is said for a minute.
    wait.until(lambda: show(browser, site) or "All is well." in browser.text(".wpd-headline"), what="all to be well", timeout=75)
    assert todo(browser) == []
    browser.at(".wpd-guide summary", "click")
    browser.shot("walk-3-done")
    accessible(browser)

    # And so it is: a visitor's session and a login are in DynamoDB, in both Regions.
    visitor = Visitor()
    visitor.login(site.url(EAST), site.user, site.password)
    visitor.cart(site.url(EAST), "add", "Tea")
    lab.replicated()
    for region in paths.REGIONS:
        assert lab.dump(region, "shop_sessions") != [] and lab.dump(region, "shop_logins") != []
