"""What PHP and WordPress may say in the run: with WP_DEBUG and every level of errors on, anything else fails it."""

import re
from pathlib import Path

# A line of a log that a test brings about on purpose, or that is not ours to mend.
EXPECTED = [
    # The extension's and the plugin's own words on a fault; the tests of that fault read them.
    r"wp_dynamodb: (warning|error): ",
    r"wp-dynamodb: (login sessions cannot be read|a log(in|out)( everywhere)? (cannot be|is) )",
    # PHP's, to a page whose session a fault of the lab kept from it.
    r"PHP Warning:  session_\w+\(\): wp_dynamodb: ",
    r"PHP Warning:  session_start\(\): Failed to read session data: dynamodb ",
    # A setting that the extension has to refuse.
    r'PHP Warning:  wp_dynamodb: wp_dynamodb\.request_timeout_ms = "never": ',
    # A database that can only be read, to WordPress's own writes.
    r"WordPress database error .*--read-only option .* for query (?!.*WP_DynamoDB)",
    # WordPress 6.1 is older than PHP 8.2; and no version reaches WordPress.org from here.
    r"PHP Deprecated:  .* in \S+/www/wp-(includes|admin)/",
    r"PHP Warning:  (\w+\(\): )?An unexpected error occurred\. .*WordPress\.org",
]
EXPECTED_LINE = re.compile("|".join(EXPECTED))


def unexpected(run: Path) -> set[str]:
    """Lines of the PHP logs of all hosts, and of WordPress's own log, should it write one."""
    logs = [*run.rglob("log/php.log"), *run.glob("www/wp-content/debug.log")]
    lines = (f"{log.relative_to(run)}: {line}" for log in logs for line in log.read_text(errors="replace").splitlines())
    return {line for line in lines if not EXPECTED_LINE.search(line)}
