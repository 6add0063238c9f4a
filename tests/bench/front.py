"""nginx before the pools: the page of each handler under its key."""

from pathlib import Path

from harness import paths, process
from harness.fpm import Fpm
from harness.nginx import NGINX

from .stores import answers

PARAMS = {
    "QUERY_STRING": "$query_string", "REQUEST_METHOD": "$request_method", "SCRIPT_NAME": "$fastcgi_script_name", "REQUEST_URI": "$request_uri",
    "DOCUMENT_URI": "$document_uri", "SERVER_PROTOCOL": "$server_protocol", "REQUEST_SCHEME": "$scheme", "GATEWAY_INTERFACE": "CGI/1.1",
    "SERVER_SOFTWARE": "nginx", "REMOTE_ADDR": "$remote_addr", "REMOTE_PORT": "$remote_port", "SERVER_ADDR": "$server_addr",
    "SERVER_PORT": "$server_port", "SERVER_NAME": "127.0.0.1", "REDIRECT_STATUS": "200",
}


class Front:
    def __init__(self, run: Path, ports: paths.Ports, docroot: Path, pools: dict[str, Fpm]):
        self.port, self._run, self._docroot, self._pools = ports.front, run / "nginx", docroot, pools
        self._daemon = process.Daemon("nginx", run)

    def start(self) -> "Front":
        self._run.mkdir(exist_ok=True)
        conf = self._run / "nginx.conf"
        conf.write_text(self._conf())
        command = [NGINX, "-p", f"{self._run}/", "-c", str(conf), "-e", f"{self._run}/error.log"]
        self._daemon.start(command, env={}, ready=lambda: (self._run / "nginx.pid").exists() and answers(self.port), timeout=15)
        return self

    def _conf(self) -> str:
        temp = "".join(f"    {kind}_temp_path {self._run}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""user {paths.WEB_USER};
worker_processes 1;
daemon off;
pid {self._run}/nginx.pid;
events {{ worker_connections 1024; }}

http {{
    access_log off;
    # A client's connection stays for the whole run.
    keepalive_requests 100000000;
    keepalive_timeout 3600s;
{temp}
    server {{
        listen 127.0.0.1:{self.port};
{"".join(map(self._page, self._pools))}    }}
}}
"""

    def _page(self, key: str) -> str:
        params = PARAMS | {"SCRIPT_FILENAME": f"{self._docroot}/page.php", "DOCUMENT_ROOT": str(self._docroot)}
        lines = " ".join(f"fastcgi_param {name} {value};" for name, value in params.items())
        return f"        location = /{key} {{ {lines} fastcgi_read_timeout 120s; fastcgi_pass unix:{self._pools[key].socket}; }}\n"
