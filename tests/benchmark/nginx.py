"""nginx: the same bytes as a static file that it keeps open, in its two best configurations."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmark.contestant import LAST_MODIFIED, NGINX, AbsentError, Offer, Started
from tests.benchmark.process import HOST, Process, free_port
from tests.benchmark.scenario import Scenario

PATH = "/data.json"  # for `/` it would look up an index first
BACKLOG = 65_535  # the kernel cuts it to net.core.somaxconn
SPARE = 64  # connections beyond the scenario's, for what it opens besides

# Without the sending of files, a quarter less CPU for small bodies.
_SENDING = dict(zip(NGINX, ("sendfile on; tcp_nopush on;", "sendfile off;"), strict=True))

_CONFIGURATION = """\
{user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    server_tokens off;
    {sending}
    open_file_cache max=16 inactive=1h;
    open_file_cache_valid 1h;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    limit_conn_zone $server_name zone=clients:1m;
    limit_conn clients {limit};
    types {{ }}
    default_type application/json;
    add_header Age 0;
    add_header Cache-Control no-cache;
    add_header Vary Accept-Encoding;
    max_ranges 0;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen {host}:{port} backlog={backlog};
        root .;
    }}
}}
"""


class Nginx:
    """nginx in one of the two configurations."""

    def __init__(self, name: str) -> None:
        """Take one of NGINX."""
        self.name = name

    def version(self) -> str:
        """Tell its version. Raises AbsentError."""
        told = subprocess.run([_program(), "-v"], stderr=subprocess.PIPE, text=True, check=True)
        return told.stderr.strip().removeprefix("nginx version: ")

    @contextmanager
    def serving(self, offer: Offer) -> Iterator[Started]:
        """Run it in a folder of its own. Raises FailedError."""
        with tempfile.TemporaryDirectory(prefix="nginx-") as name:
            folder, port = Path(name), free_port()
            data = folder / PATH.removeprefix("/")
            data.write_bytes(offer.body)
            os.utime(data, (LAST_MODIFIED, LAST_MODIFIED))
            configuration = folder / "nginx.conf"
            configuration.write_text(self._configuration(offer.scenario, port))
            command = [_program(), "-e", "stderr", "-p", name, "-c", str(configuration)]
            with Process(command, folder) as process:
                process.wait_for(port)
                yield Started(port, process.pid, PATH)

    def _configuration(self, scenario: Scenario, port: int) -> str:
        return _CONFIGURATION.format(
            # Root's worker would become somebody who may not read a temporary folder.
            user="user root;" if os.geteuid() == 0 else "",
            connections=scenario.limit + scenario.beyond + SPARE,
            sending=_SENDING[self.name],
            limit=scenario.limit,
            host=HOST,
            port=port,
            backlog=BACKLOG,
        )


def _program() -> str:
    """Find it, also where only an administrator's PATH leads."""
    found = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if not found:
        raise AbsentError("there is no nginx; Debian has it in the package nginx")
    return found
