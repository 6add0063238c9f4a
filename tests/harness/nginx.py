"""One nginx with a vhost per Region and the front before them."""

import signal
import socket
from pathlib import Path

from . import paths, process
from .fpm import Fpm

NGINX = "/usr/sbin/nginx"


class Nginx:
    def __init__(
        self, run: Path, ports: paths.Ports, docroot: Path, hosts: dict[str, Fpm], healthz: Path, *,
        pages: dict[str, Path] | None = None, health_pages: dict[str, Path] | None = None,
    ):
        """Beside the docroot: `pages` are addresses answered by a script elsewhere, `health_pages` those that the hosts' health pools answer."""
        self.run, self.ports, self.docroot, self.hosts = run / "nginx", ports, docroot, hosts
        self.pages, self.health_pages = pages or {}, {"/healthz": healthz} | (health_pages or {})
        self._daemon = process.Daemon("nginx", run)

    def start(self) -> None:
        for folder in ("tmp", "log"):
            (self.run / folder).mkdir(parents=True, exist_ok=True)
        (self.run / "nginx.pid").unlink(missing_ok=True)
        conf = self.run / "nginx.conf"
        conf.write_text(self._conf())
        self._daemon.start(
            [NGINX, "-p", f"{self.run}/", "-c", str(conf), "-e", f"{self.run}/log/error.log"],
            env={}, ready=self._listens, timeout=15, stop_signal=signal.SIGTERM,
        )

    def stop(self) -> None:
        self._daemon.stop()

    @property
    def logs(self) -> list[Path]:
        return [self._daemon.log, self.run / "log" / "error.log"]

    def _listens(self) -> bool:
        # Written once all ports are bound: until then whoever answers on a port is somebody else.
        if not (self.run / "nginx.pid").exists():
            return False
        for port in (self.ports.front, *(self.ports.vhost(r) for r in self.hosts)):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True

    def _conf(self) -> str:
        temp = "".join(f"    {kind}_temp_path {self.run}/tmp/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""user {paths.WEB_USER};
worker_processes 1;
daemon off;
pid {self.run}/nginx.pid;
error_log {self.run}/log/error.log notice;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}

http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log {self.run}/log/access.log;
    client_max_body_size 16m;
    server_tokens off;
{temp}
{self._front()}
{"".join(self._vhost(region, fpm) for region, fpm in self.hosts.items())}}}
"""

    def _front(self) -> str:
        # As a failover record does: the first Region gets the traffic while it answers, the others wait.
        servers = "".join(
            f"        server 127.0.0.1:{self.ports.vhost(region)} max_fails=1 fail_timeout=5s{' backup' if i else ''};\n"
            for i, region in enumerate(self.hosts)
        )
        return f"""    upstream regions {{
{servers}    }}
    server {{
        listen 127.0.0.1:{self.ports.front};
        location / {{
            proxy_pass http://regions;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_next_upstream error timeout http_502 http_503;
            proxy_connect_timeout 1s;
            proxy_read_timeout 30s;
        }}
    }}
"""

    def _vhost(self, region: str, fpm: Fpm) -> str:
        return f"""    server {{
        listen 127.0.0.1:{self.ports.vhost(region)};
        root {self.docroot};
        index index.php;
        add_header X-Served-By {region} always;
        absolute_redirect off;

        # Answered by PHP without WordPress: a health check must not depend on the database or on maintenance mode.
{self._exactly(self.health_pages, fpm.health_socket)}{self._exactly(self.pages, fpm.socket)}
        location ~ ^/wp-content/uploads/.*\\.php$ {{ return 404; }}
        location / {{ try_files $uri $uri/ /index.php?$args; }}
        location ~ \\.php$ {{
            try_files $uri =404;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            {self._fastcgi(fpm.socket)}
        }}
    }}
"""

    def _exactly(self, pages: dict[str, Path], socket: Path) -> str:
        locations = (f"location = {address} {{ fastcgi_param SCRIPT_FILENAME {script}; {self._fastcgi(socket)} }}" for address, script in pages.items())
        return "".join(f"        {location}\n" for location in locations)

    @staticmethod
    def _fastcgi(socket: Path) -> str:
        # nginx passes on nothing but what is named, and a location with one fastcgi_param inherits none.
        params = {
            "QUERY_STRING": "$query_string", "REQUEST_METHOD": "$request_method", "CONTENT_TYPE": "$content_type", "CONTENT_LENGTH": "$content_length",
            "SCRIPT_NAME": "$fastcgi_script_name", "REQUEST_URI": "$request_uri", "DOCUMENT_URI": "$document_uri", "DOCUMENT_ROOT": "$document_root",
            "SERVER_PROTOCOL": "$server_protocol", "REQUEST_SCHEME": "$scheme", "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_SOFTWARE": "nginx",
            "REMOTE_ADDR": "$remote_addr", "REMOTE_PORT": "$remote_port", "SERVER_ADDR": "$server_addr", "SERVER_PORT": "$server_port",
            "SERVER_NAME": "127.0.0.1", "REDIRECT_STATUS": "200",
        }
        lines = " ".join(f"fastcgi_param {name} {value};" for name, value in params.items())
        return f"{lines} fastcgi_read_timeout 30s; fastcgi_pass unix:{socket};"
