"""PHP's own web server (`php -S`), for development; with several processes it forks before the first request."""

from . import paths, process
from .web import WebServer


class BuiltIn(WebServer):
    def __init__(self, *args: object, workers: int = 1, **options: object):
        super().__init__(*args, **options)
        self.workers = workers

    def start(self) -> "BuiltIn":
        env = self.env | ({"PHP_CLI_SERVER_WORKERS": str(self.workers)} if self.workers > 1 else {})
        command = [*paths.PHP_AS_WEB_USER, "-c", str(self.ini), "-S", f"127.0.0.1:{self.port}", "-t", str(self.docroot)]
        self.daemon.start(command, env=env, ready=self.answers)
        return self

    def pids(self) -> list[int]:
        """The first process answers, too."""
        master = self.daemon.pid
        return [master, *process.children(master)] if master else []
