"""A swarm of this one engine, and stacks of the real file in it, for as long as their tests run."""

import atexit
import json
import os
import tempfile
import unittest
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Any

from tests.containers import Container, lacking, run, shell
from tests.demo.periods import PERIODS, path
from tests.support import wait_until

FILE = "deploy/swarm.yml"
DOCKERFILES = {
    "client": "Dockerfile.client",
    "server": "Dockerfile.server",
    "demo": "tests/demo/Dockerfile",
}
GATEWAY = "docker_gwbridge"  # the bridge that a swarm's engine makes, and leaves behind
STARTED = 60.0  # seconds until a service's containers run, or run again
GONE = 60.0  # seconds until what was removed is gone


def _state() -> str:
    return run("docker", "info", "--format", "{{.Swarm.LocalNodeState}}").strip()


def _networks() -> list[str]:
    return run("docker", "network", "ls", "--format", "{{.Name}}").split()


def _remove_network(name: str) -> None:
    """Remove a network, once nothing uses it any longer."""

    def is_gone() -> bool:
        with suppress(AssertionError):
            run("docker", "network", "rm", name)
        return name not in _networks()

    wait_until(is_gone, f"{name} is gone", GONE)


class Swarm:
    """The swarm, from its making until this engine leaves it, and the images for it."""

    def __init__(self) -> None:
        """Make it. Raises unittest.SkipTest where this engine belongs to another."""
        self._name = f"gateway-test-{os.getpid()}-swarm"
        self._networks: list[str] = []
        self._stacks: list[Stack] = []
        self._had_gateway = GATEWAY in _networks()
        if _state() != "inactive":
            raise unittest.SkipTest("the engine belongs to a swarm, which is not the tests'")
        # Measured with 20.10: as it leaves, the engine takes other containers off the networks that
        # docker-compose has made, and nothing puts them back.
        if run("docker", "ps", "-q"):
            raise unittest.SkipTest("leaving a swarm would cut off the containers that run here")
        # Ctrl-C in the midst of a test calls no cleanup, and the command below may have done its
        # work by then.
        atexit.register(self.leave)
        try:
            here = "127.0.0.1"
            run("docker", "swarm", "init", "--advertise-addr", here, "--listen-addr", f"{here}:0")
        except AssertionError as error:
            if "already part of a swarm" in str(error):
                atexit.unregister(self.leave)
                raise unittest.SkipTest("another has just made a swarm of the engine") from None
            self.leave()
            raise

    def build(self) -> None:
        """Build the images of the client, the server and the demo."""
        for kind, dockerfile in DOCKERFILES.items():
            run("docker", "build", "-q", "-t", self.image(kind), "-f", dockerfile, ".")

    def image(self, kind: str) -> str:
        """Tell the name of one of the images."""
        return f"{self._name}-{kind}"

    def bridge(self) -> str:
        """Make the network without a way out, as the stack's file tells how, and tell its name."""
        name, node = f"{self._name}-bridge", f"{self._name}-node"
        self._networks += [name, node]
        option = "com.docker.network.bridge.enable_ip_masquerade=false"
        run("docker", "network", "create", "--config-only", "--opt", option, node)
        how = ("--scope", "swarm", "--driver", "bridge", "--config-from", node)
        run("docker", "network", "create", *how, name)
        return name

    def stack(self, name: str, override: Mapping[str, Any], **environment: str) -> "Stack":
        """Deploy a stack; `environment` is what the shell would have set."""
        stack = Stack(f"{self._name}-{name}", self, override, environment)
        self._stacks.append(stack)
        stack.deploy()
        return stack

    def leave(self) -> None:
        """Take the stacks and the images away, and leave. Safe to call again."""
        atexit.unregister(self.leave)
        with ExitStack() as last:
            last.callback(self._remove_images)
            if _state() != "inactive":
                last.callback(self._dissolve)
            if self._stacks:
                names = [stack.name for stack in self._stacks]
                run("docker", "stack", "rm", *names)
            for stack in self._stacks:
                stack.wait_until_gone()
            for network in self._networks:
                _remove_network(network)
        self._networks, self._stacks = [], []

    def _remove_images(self) -> None:
        # By their names: an image that was built from the same has others, of other tests.
        named = ("--format", "{{.Repository}}:{{.Tag}}", f"{self.image('')}*")
        if found := run("docker", "image", "ls", *named).split():
            run("docker", "image", "rm", *found)

    def _dissolve(self) -> None:
        run("docker", "swarm", "leave", "--force")
        if not self._had_gateway and GATEWAY in _networks():
            _remove_network(GATEWAY)


class Stack:
    """The services of the stack's file, beside a demo that plays the endpoints."""

    def __init__(
        self,
        name: str,
        swarm: Swarm,
        override: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> None:
        """Name it; `override` is what a second file would say."""
        self.name = name
        demo = {
            "image": swarm.image("demo"),
            "networks": ["upstream"],
            # A virtual address needs IPVS, which not every kernel has.
            "deploy": {"endpoint_mode": "dnsrr"},
        }
        services = {"demo": demo, **override.get("services", {})}
        self._override = {"version": "3.9", **override, "services": services}
        self._environment = shell() | {
            "ENDPOINTS": " ".join(f"{p:g}=http://demo:8000{path(p)}" for p in PERIODS),
            "CLIENT_IMAGE": swarm.image("client"),
            "SERVER_IMAGE": swarm.image("server"),
            **environment,
        }

    def deploy(self) -> None:
        """Bring up what is not up."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(self._override, file)
            file.flush()
            command = ("docker", "stack", "deploy", "--resolve-image", "never")
            files = ("-c", FILE, "-c", file.name)
            run(*command, *files, self.name, environment=self._environment)

    def remove(self, service: str) -> None:
        """Take one service away, until the next `deploy`."""
        run("docker", "service", "rm", f"{self.name}_{service}")
        wait_until(lambda: not self.containers(service), f"{service} is gone", GONE)

    def containers(self, service: str) -> list[Container]:
        """Tell the containers of a service that run."""
        label = f"label=com.docker.swarm.service.name={self.name}_{service}"
        running = ("--filter", "status=running", "--filter", label)
        return [Container(known) for known in run("docker", "ps", "-q", *running).split()]

    def wait_for(self, service: str, count: int, *but: Container) -> list[Container]:
        """Wait until as many containers of a service run, none of them one of `but`."""
        found: list[Container] = []

        def are_there() -> bool:
            found[:] = self.containers(service)
            return len(found) == count and not set(found) & set(but)

        wait_until(are_there, f"{count} containers of {service} run", STARTED)
        return found

    def wait_until_gone(self) -> None:
        """Wait until nothing is left of it after its removal, and remove its volume."""
        ours = f"--filter=label=com.docker.stack.namespace={self.name}"
        containers = ("docker", "container", "ls", "-q", "-a", ours)
        networks = ("docker", "network", "ls", "-q", ours)
        wait_until(lambda: not run(*containers), f"{self.name} has no container", GONE)
        wait_until(lambda: not run(*networks), f"{self.name} has no network", GONE)
        if volumes := run("docker", "volume", "ls", "-q", ours).split():
            run("docker", "volume", "rm", *volumes)


def made() -> Swarm:
    """Make a swarm for the tests of a module, with images.

    To be called in `setUpModule`; skips the module where that cannot be done.
    """
    if reason := lacking():
        raise unittest.SkipTest(reason)
    swarm = Swarm()
    unittest.addModuleCleanup(swarm.leave)
    swarm.build()
    return swarm
