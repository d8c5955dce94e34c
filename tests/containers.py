"""The real compose file under a project of the tests' own, beside an installation that runs.

The project's name gives images, networks and volume their names, and the ports are free ones.
"""

import atexit
import functools
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import unittest
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, product
from typing import Any

from tests.demo.data import items
from tests.demo.periods import PERIODS, path
from tests.processes import ROOT, clean_environment
from tests.support import wait_until

BASE_IMAGE = "python:3.13-slim-bookworm"
USER = 10001  # whom the programs run as, and whose the volume is
PYTHON = "/usr/local/bin/python3"  # in every image of ours
PATIENCE = 600.0  # seconds for a command; an image is built from nothing on a slow machine
HEALED = 60.0  # seconds until a container is back and has data; the engine rests between restarts
# What a shell may set besides the endpoints, each other than its default.
SETTINGS = {
    "FETCH_TIMEOUT": "7",
    "MAX_BODY": "1000000",
    "STATE_FILE": "/run/gateway/memory.json",
    "SNAPSHOT_SOCKET": "/run/gateway/other.sock",
    "CLIENT_LIMIT": "7",
    "IDLE_TIMEOUT": "7",
    "LOG_LEVEL": "debug",
    "LOG_FORMAT": "json",
}
UNPUBLISHED = range(20_000, 30_000)  # ports below those that the system hands out by itself


def run(
    *command: str, environment: Mapping[str, str] | None = None, deadline: float = PATIENCE
) -> str:
    """Run a command to its end, and tell what it printed. A failure fails the test."""
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=deadline,
        check=False,
    )
    if ended.returncode:
        said = f"{ended.stdout}{ended.stderr}"
        raise AssertionError(f"{' '.join(command)} ended with {ended.returncode}: {said}")
    return ended.stdout


def _succeeds(*command: str) -> bool:
    try:
        run(*command)
    except (AssertionError, OSError, subprocess.TimeoutExpired):
        return False
    return True


def shell() -> dict[str, str]:
    """Tell this process's environment without what would configure Compose or the programs."""
    names = ("COMPOSE_", "SERVERS", "SERVER_PORTS")
    return {n: value for n, value in clean_environment().items() if not n.startswith(names)}


@functools.cache
def compose_command() -> tuple[str, ...] | None:
    """Tell how Compose is called here; None where it is not there."""
    ways = (("docker-compose",), ("docker", "compose"))
    return next((way for way in ways if _succeeds(*way, "version")), None)


@functools.cache
def lacking() -> str | None:
    """Tell why no container can be run here; None where it can."""
    if not _succeeds("docker", "version", "--format", "{{.Server.Version}}"):
        return "no Docker Engine answers"
    if compose_command() is None:
        return "there is neither docker-compose nor docker compose"
    ways = (("docker", "image", "inspect", BASE_IMAGE), ("docker", "pull", BASE_IMAGE))
    if not any(_succeeds(*way) for way in ways):
        return f"the image {BASE_IMAGE} is not present and cannot be pulled"
    return None


def free_ports(count: int) -> list[int]:
    """Find ports in a row that nothing listens on."""
    for first in random.sample(UNPUBLISHED[:-count], 100):
        ports = range(first, first + count)
        try:
            with ExitStack() as stack:
                for port in ports:
                    stack.enter_context(socket.create_server(("", port)))
        except OSError:
            continue
        return list(ports)
    raise AssertionError(f"no {count} free ports in a row were found")


def served(port: int, host: str = "127.0.0.1") -> list[str] | None:
    """Tell the array that is served at a port; None where there is none."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        with connection.getresponse() as response:
            array: list[str] | None = json.load(response) if response.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return array


def merged(now: float) -> list[list[str]]:
    """Tell the arrays that may be served at a time: each endpoint's data is of a late beat of it.

    The last poll may have come before the endpoint's beat, and an answer takes its time.
    """
    late = ([items(period, now - ago * period) for ago in range(3)] for period in PERIODS)
    return [list(dict.fromkeys(chain.from_iterable(choice))) for choice in product(*late)]


@dataclass(frozen=True)
class Container:
    """A container, by the engine's id of it."""

    id: str

    def inspect(self) -> dict[str, Any]:
        """Tell all that the engine knows of it."""
        details: dict[str, Any] = json.loads(run("docker", "inspect", self.id))[0]
        return details

    @property
    def pid(self) -> int:
        """The id on this machine of the program that is process 1 inside; 0 where none runs."""
        pid: int = self.inspect()["State"]["Pid"]
        return pid

    @property
    def health(self) -> str:
        """What its last checks have told: starting, healthy or unhealthy."""
        told: str = self.inspect()["State"]["Health"]["Status"]
        return told

    @property
    def port(self) -> int:
        """The published port."""
        return int(self.inspect()["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"])

    def log(self) -> list[str]:
        """Tell the lines that its programs have logged, one after the other."""
        return run("sh", "-c", 'exec docker logs "$0" 2>&1', self.id).splitlines()

    def kill_program(self) -> int:
        """Kill its program from outside, and tell the id that it had.

        Process 1 is deaf to a SIGKILL from inside, and `docker kill` is a stop to the engine.
        """
        pid = self.pid
        assert pid, "it does not run"
        os.kill(pid, signal.SIGKILL)
        return pid

    def execute(self, code: str) -> str:
        """Run Python code inside, and tell what it printed."""
        return run("docker", "exec", self.id, PYTHON, "-c", code).rstrip("\n")


class Compose:
    """The project, from its first `up` to `down`."""

    def __init__(
        self,
        name: str,
        ports: Sequence[int],
        override: Mapping[str, object] | None = None,
        /,
        **environment: str,
    ) -> None:
        """Name it; `environment` is what the shell would have set.

        `override` is what a `docker-compose.override.yml` would say.
        """
        self.project = f"gateway-test-{os.getpid()}-{name}"
        self.ports = list(ports)
        self._override = override
        # All that .env says is said again, for its user may have other endpoints there.
        self._environment = shell() | {
            "COMPOSE_PROFILES": "demo",
            "ENDPOINTS": " ".join(f"{p:g}=http://demo:8000{path(p)}" for p in PERIODS),
            "SERVER_PORTS": f"{ports[0]}-{ports[-1]}" if len(ports) > 1 else str(ports[0]),
            "SERVERS": "1",
            "CLIENT_LIMIT": "100",
            **environment,
        }
        atexit.register(self.down)  # Ctrl-C in the midst of a test calls no cleanup

    def run(self, *arguments: str, **environment: str) -> str:
        """Run a command of Compose."""
        command = compose_command()
        assert command
        with ExitStack() as stack:
            files = ["-p", self.project]
            if self._override:
                file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".json"))
                json.dump(self._override, file)
                file.flush()
                files += ["-f", "docker-compose.yml", "-f", file.name]
            return run(*command, *files, *arguments, environment=self._environment | environment)

    def environment(self, **environment: str) -> dict[str, str]:
        """Tell the environment in which a shell's `docker-compose` means this project."""
        return self._environment | environment | {"COMPOSE_PROJECT_NAME": self.project}

    def shell(self, commands: str, **environment: str) -> str:
        """Run commands of a page in a shell."""
        return run("sh", "-c", commands, environment=self.environment(**environment))

    def up(self, *arguments: str, **environment: str) -> None:
        """Bring up what is not up."""
        self.run("up", "-d", *arguments, **environment)

    def down(self) -> None:
        """Take everything away, images and volume too, and see to it that nothing is left.

        Safe to call again.
        """
        atexit.unregister(self.down)
        self.run("down", "-v", "--rmi", "local", "--remove-orphans")
        left = {kind: self._ids(kind) for kind in ("container", "volume", "network")}
        left["image"] = run("docker", "image", "ls", "-q", f"{self.project}?*").split()
        if any(left.values()):
            raise AssertionError(f"{self.project} has left something behind: {left}")

    def _ids(self, kind: str, *labels: str) -> list[str]:
        labels = (f"com.docker.compose.project={self.project}", *labels)
        filters = [f"--filter=label={label}" for label in labels]
        everything = ["-a", "--no-trunc"] if kind == "container" else []
        return run("docker", kind, "ls", "-q", *everything, *filters).split()

    def containers(self, service: str) -> list[Container]:
        """Tell the containers of a service, stopped ones too."""
        label = f"com.docker.compose.service={service}"
        return [Container(known) for known in self._ids("container", label)]

    def container(self, service: str) -> Container:
        """Tell the one container of a service."""
        (container,) = self.containers(service)
        return container

    def network(self, name: str) -> str:
        """Tell the engine's name of a network of the compose file's."""
        label = f"label=com.docker.compose.project={self.project}"
        names = run("docker", "network", "ls", "--format", "{{.Name}}", f"--filter={label}")
        (found,) = (each for each in names.split() if each.endswith(f"_{name}"))
        return found

    def wait_for_data(self, deadline: float = HEALED) -> None:
        """Wait until every port serves."""
        wait_until(lambda: all(map(served, self.ports)), "every port serves", deadline)


def brought_up(
    name: str, servers: int = 1, override: Mapping[str, object] | None = None
) -> Compose:
    """Bring a project up for the tests of a module, each of which leaves it as it found it.

    To be called in `setUpModule`; skips the module where no container can be run.
    """
    if reason := lacking():
        raise unittest.SkipTest(reason)
    project = Compose(name, free_ports(servers), override)
    unittest.addModuleCleanup(project.down)
    project.up("--build")
    if servers > 1:
        project.up("--scale", f"server={servers}")
    project.wait_for_data()
    return project
