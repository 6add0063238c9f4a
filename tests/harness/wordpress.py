"""WordPress's files, configuration and installation: one docroot that all Regions share."""

import json
import secrets
import shutil
import subprocess
from pathlib import Path

from . import paths, process, wait
from .fpm import publish
from .mariadb import DATABASE, MariaDb

ADMIN = "admin"
INSTALL = Path(__file__).parent / "php" / "install.php"
NO_UPDATES = """<?php
foreach ( array( '_maybe_update_core', '_maybe_update_plugins', '_maybe_update_themes' ) as $check ) {
	remove_action( 'admin_init', $check );
}
"""
SALTS = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT")


class WordPress:
    def __init__(self, run: Path, ports: paths.Ports):
        self.docroot = run / "www"
        self.healthz = self.docroot / "wp-content" / "plugins" / "wp-dynamodb" / "healthz.php"
        self.ports = ports
        self._run = run
        self._secrets_file = run / "secrets.json"
        self.secrets = self._secrets()

    @property
    def password(self) -> str:
        return self.secrets["admin"]

    def _secrets(self) -> dict[str, str]:
        """Made once per run folder. All Regions have the same salts: otherwise a login would hold in one of them only."""
        if self._secrets_file.is_file():
            return json.loads(self._secrets_file.read_text())
        made = {name: secrets.token_urlsafe(48) for name in SALTS} | {"admin": secrets.token_urlsafe(9), "database": secrets.token_urlsafe(18)}
        self._secrets_file.touch(mode=0o600)
        self._secrets_file.write_text(json.dumps(made))
        return made

    def copy(self) -> None:
        """Puts the files in place: WordPress, the plugin with its loader, the demo's cart."""
        if not (self.docroot / "wp-settings.php").is_file():
            publish(paths.WORDPRESS, self.docroot)
        content = self.docroot / "wp-content"
        plugins = content / "plugins"
        shutil.rmtree(plugins / "akismet", ignore_errors=True)
        for source in (paths.PLUGIN, paths.CART_PLUGIN):
            name = "wp-dynamodb" if source == paths.PLUGIN else source.name
            if source.is_dir():
                shutil.rmtree(plugins / name, ignore_errors=True)
                publish(source, plugins / name)
        if (paths.PLUGIN / "mu").is_dir():
            publish(paths.PLUGIN / "mu", content / "mu-plugins")
        # Nothing here reaches the network; asking for updates in vain would fill the log.
        quiet = content / "mu-plugins" / "no-updates.php"
        quiet.write_text(NO_UPDATES)
        quiet.chmod(0o644)
        paths.give_to_web_user(content / "uploads")

    def configure(self, database: MariaDb) -> None:
        hosts = [f"127.0.0.1:{port}" for port in (self.ports.front, *(self.ports.vhost(r) for r in paths.REGIONS))]
        salts = "".join(f"define( '{name}', {_php(self.secrets[name])} );\n" for name in SALTS)
        config = self.docroot / "wp-config.php"
        config.write_text(f"""<?php
// Made by the harness; made again at every start.

// The site answers under the front's address and under each Region's own: WordPress must not redirect from one to another.
$wpd_hosts = array( {", ".join(map(_php, hosts))} );
$wpd_host  = isset( $_SERVER['HTTP_HOST'] ) && in_array( $_SERVER['HTTP_HOST'], $wpd_hosts, true ) ? $_SERVER['HTTP_HOST'] : $wpd_hosts[0];
define( 'WP_HOME', 'http://' . $wpd_host );
define( 'WP_SITEURL', 'http://' . $wpd_host );
// By default the cookies' names come from the address; one login has to hold in every Region.
define( 'COOKIEHASH', 'wpdynamodb' );

define( 'DB_NAME', {_php(DATABASE)} );
define( 'DB_USER', 'wordpress' );
define( 'DB_PASSWORD', {_php(database.password)} );
define( 'DB_HOST', {_php(f"localhost:{database.socket}")} );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
$table_prefix = 'wp_';

{salts}
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', false ); // PHP's own log, one per Region.
define( 'DISABLE_WP_CRON', true );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'DISALLOW_FILE_MODS', true );

if ( ! defined( 'ABSPATH' ) ) {{
	define( 'ABSPATH', __DIR__ . '/' );
}}
require_once ABSPATH . 'wp-settings.php';
""")
        # The password and the salts are for the workers only.
        shutil.chown(config, "root", paths.WEB_USER)
        config.chmod(0o640)

    def install(self) -> None:
        """Creates the tables and the user, and activates the plugins; does nothing when that was done before."""
        script = self._run / "install.php"
        shutil.copyfile(INSTALL, script)
        log = self._run / "log" / "install.log"
        done = subprocess.run(
            [*paths.PHP_AS_WEB_USER, "-d", "display_errors=stderr", str(script), str(self.docroot), f"127.0.0.1:{self.ports.front}", ADMIN],
            input=self.password, capture_output=True, text=True, timeout=120, check=False, env=process.base_env(), cwd="/",
        )
        log.write_text(done.stdout + done.stderr)
        if done.returncode or "installed" not in done.stdout:
            raise RuntimeError(f"WordPress could not be installed (code {done.returncode}){wait.tails([log])}")


def _php(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
