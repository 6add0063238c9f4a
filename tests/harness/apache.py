"""Apache with mod_php: processes that each serve a connection (prefork), which is what a PHP without threads can have."""

import os
import signal
from pathlib import Path

from . import paths, wait
from .web import WebServer

APACHE = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"


class Apache(WebServer):
    def __init__(self, *args: object, workers: int = 3, requests_per_child: int = 0, **options: object):
        super().__init__(*args, **options)
        self.workers, self.requests_per_child = workers, requests_per_child

    def start(self) -> "Apache":
        conf = self.run / "apache.conf"
        conf.write_text(self._conf())
        command = [APACHE, "-f", str(conf), "-D", "FOREGROUND", "-k", "start"]
        self.daemon.start(command, env=self.env, ready=lambda: len(self.pids()) >= self.workers and self.answers())
        return self

    def graceful(self) -> None:
        """As `systemctl reload apache2`: Apache unloads PHP, loads it again and replaces its processes."""
        before = set(self.pids())
        os.kill(self.daemon.pid, signal.SIGUSR1)
        wait.until(
            lambda: not before & set(self.pids()) and len(self.pids()) >= self.workers, what=f"reload of {self.name}", timeout=15, logs=self.logs,
        )

    @property
    def logs(self) -> list[Path]:
        return [*super().logs, self.run / "log" / "apache.log"]

    def ended_by_signal(self) -> list[str]:
        """What Apache says of processes that crashed."""
        log = self.run / "log" / "apache.log"
        return [line for line in log.read_text().splitlines() if "exit signal" in line]

    def _conf(self) -> str:
        modules = {"mpm_prefork_module": "mod_mpm_prefork.so", "authz_core_module": "mod_authz_core.so", "php_module": f"libphp{paths.MACHINES_PHP}.so"}
        return f"""ServerRoot {self.run}
ServerName 127.0.0.1
Listen 127.0.0.1:{self.port}
PidFile {self.run}/apache.pid
DefaultRuntimeDir {self.run}
ErrorLog {self.run}/log/apache.log
LogLevel notice
{"".join(f"LoadModule {name} {MODULES}/{file}{chr(10)}" for name, file in modules.items())}
User {paths.WEB_USER}
Group {paths.WEB_USER}
StartServers {self.workers}
MinSpareServers {self.workers}
MaxSpareServers {self.workers}
MaxRequestWorkers {self.workers}
MaxConnectionsPerChild {self.requests_per_child}
KeepAlive Off
PHPIniDir {self.ini}
DocumentRoot {self.docroot}
<Directory {self.docroot}>
    Require all granted
</Directory>
<FilesMatch \\.php$>
    SetHandler application/x-httpd-php
</FilesMatch>
"""
