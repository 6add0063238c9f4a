"""A private MariaDB: own data folder, unix socket only, nothing of the machine's configuration."""

import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import process, wait

USER = "mysql"
DATABASE = "wordpress"


class MariaDb:
    def __init__(self, run: Path, password: str):
        self.run = run / "mariadb"
        self.socket = self.run / "sock" / "mariadb.sock"
        self.password = password
        self._data = self.run / "data"
        self._daemon = process.Daemon("mariadb", run)

    def start(self) -> None:
        self._make_data()
        init = self.run / "init.sql"
        # `wordpress` is reached over the socket only; the password keeps other users of the machine out.
        init.write_text(
            f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4;\n"
            f"CREATE OR REPLACE USER 'wordpress'@'localhost' IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL ON {DATABASE}.* TO 'wordpress'@'localhost';\n"
        )
        shutil.chown(init, USER, USER)
        init.chmod(0o600)
        command = [
            "/usr/sbin/mariadbd", "--no-defaults", f"--user={USER}", f"--datadir={self._data}", f"--socket={self.socket}",
            f"--pid-file={self.run}/sock/mariadb.pid", f"--init-file={init}", "--skip-networking", "--skip-log-bin",
            "--performance-schema=off", "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=2", "--max-connections=80",
        ]
        self._daemon.start(command, env={}, ready=self.answers, timeout=60, stop_signal=signal.SIGTERM)

    def stop(self) -> None:
        self._daemon.stop(timeout=30)

    def freeze(self) -> None:
        """It takes connections and says nothing."""
        process.send(self._daemon.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        process.send(self._daemon.pid, signal.SIGCONT)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """WordPress can read and not write, as in a Region that has a replica of the database."""
        self.root("SET GLOBAL read_only = 1")
        try:
            yield
        finally:
            self.root("SET GLOBAL read_only = 0")

    def root(self, sql: str) -> str:
        """Runs SQL as the machine's root, who is the server's as well; the rows, with tabs between columns."""
        command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch", "--skip-column-names", "-e", sql, DATABASE]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout

    def answers(self) -> bool:
        command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=wordpress", f"--password={self.password}", "-e", "SELECT 1", DATABASE]
        return subprocess.run(command, capture_output=True, check=False, timeout=10).returncode == 0

    def _make_data(self) -> None:
        for folder in (self.run, self._data, self.socket.parent):
            folder.mkdir(parents=True, exist_ok=True)
            shutil.chown(folder, USER, USER)
        pwd.getpwnam(USER)
        if (self._data / "mysql").is_dir():
            return
        log = self.run / "install.log"
        with log.open("w") as out:
            done = subprocess.run(
                ["mariadb-install-db", "--no-defaults", f"--user={USER}", f"--datadir={self._data}", "--skip-test-db"],
                stdout=out, stderr=subprocess.STDOUT, env=process.base_env(), timeout=120, check=False,
            )
        if done.returncode:
            raise RuntimeError(f"mariadb-install-db failed{wait.tails([log])}")
