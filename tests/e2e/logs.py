"""What PHP and WordPress may say in the run: with WP_DEBUG and every level of errors on, anything else fails it."""

import re
from pathlib import Path

from harness import paths

# WordPress 6.1 is older than PHP 8.2: at a login page.
OLDER_THAN_PHP = [
    r"trim\(\): Passing null to parameter #1 \(\$string\) of type string is deprecated in \S+/www/wp-includes/pluggable\.php",
    r"preg_replace\(\): Passing null to parameter #3 \(\$subject\) of type array\|string is deprecated in \S+/www/wp-includes/formatting\.php",
] if paths.WORDPRESS.parent.name == "wordpress-6.1" else []

# A file that PHP complains of when it is compiled, whoever needs it: on a network, with every WordPress that is tested.
OLDER_THAN_PHP += [r"(?:\w+\(\): )?Optional parameter \$meta declared before required parameter \$signup_id .* in \S+/www/wp-includes/ms-functions\.php"]

# No WordPress that is tested knows these: all that its own files do and PHP deprecates meanwhile.
if paths.PHP_VERSION in ("8.5", "8.6"):
    OLDER_THAN_PHP += [r".* in \S+/www/wp-(?:includes|admin)/\S+\.php"]

# What the plugin says in an outage: log_logins().
PLUGIN_SAYS = [
    r"login sessions cannot be read, user meta stands in: ",
    r"a login session cannot be read, and is not accepted: ",
    r"a login cannot be stored in DynamoDB, user meta stands in: ",
    r"a login cannot be kept: neither DynamoDB nor the database takes it$",
    r"a logout( everywhere)? cannot be stored in DynamoDB yet: ",
    r"logouts cannot be stored in DynamoDB yet: ",
    r"a logout is lost: neither DynamoDB nor the database takes it; ",
    r"a logout of all users is lost: the database does not take it; ",
]

# A line of a log that a test brings about on purpose, or that is not ours to mend.
EXPECTED = [
    # The extension's and the plugin's own words on a fault; the tests of that fault read them.
    r"wp_dynamodb: (warning|error): ",
    rf"\] wp-dynamodb: ({'|'.join(PLUGIN_SAYS)})",
    # PHP's, to a page whose session a fault of the lab kept from it.
    r"PHP Warning:  session_\w+\(\): wp_dynamodb: ",
    r"PHP Warning:  session_start\(\): Failed to read session data: dynamodb ",
    # A setting that the extension has to refuse.
    r'PHP Warning:  wp_dynamodb: wp_dynamodb\.request_timeout_ms = "never": ',
    # A database that can only be read, to WordPress's own writes.
    r"WordPress database error .*--read-only option .* for query (?!.*WP_DynamoDB)",
    *(rf"PHP Deprecated:  {line} on line \d+$" for line in OLDER_THAN_PHP),
    # No version reaches WordPress.org from here.
    r"PHP Warning:  (\w+\(\): )?An unexpected error occurred\. .*WordPress\.org",
]
EXPECTED_LINE = re.compile("|".join(EXPECTED))


def unexpected(run: Path) -> set[str]:
    """Lines of the PHP logs of all hosts, and of WordPress's own log, should it write one."""
    logs = [*run.rglob("log/php.log"), *run.glob("www/wp-content/debug.log")]
    lines = (f"{log.relative_to(run)}: {line}" for log in logs for line in log.read_text(errors="replace").splitlines())
    return {line for line in lines if not EXPECTED_LINE.search(line)}
