"""The pages: what they say that commands of Docker print is what these print."""

import shutil
import tempfile

from tests.containers import Compose, free_ports, lacking, run
from tests.pages import all_commands, elsewhere, needs_docker
from tests.processes import ROOT
from tests.session import Session
from tests.support import TestCase
from tests.transcript import Command

README, OPERATIONS = "README.md", "docs/operations.md"


class Pages(TestCase):
    def setUp(self) -> None:
        if reason := lacking():
            self.skipTest(reason)
        for tool in ("curl", "docker-compose"):
            if not shutil.which(tool):
                self.skipTest(f"there is no {tool} here")
        first, _, last = free_ports(3)
        self.project = Compose("pages", [first])
        self.addCleanup(self.project.down)
        self.addCleanup(self.remove_images)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        replaced = {
            "8080-8082": f"{first}-{last}",
            "localhost:8080": f"localhost:{first}",
            "localhost:8082": f"localhost:{last}",
            "/tmp/": f"{folder}/",
            "quasi-cache-gateway": self.project.project,
        }
        self.session = Session(ROOT, self.project.environment(), replaced)

    def remove_images(self) -> None:
        """Remove those that a page builds by name; its others go with the project."""
        names = f"{self.project.project}-*:1.0.0"
        images = run("docker", "image", "ls", "-q", names).split()
        if images:
            run("docker", "image", "rm", *images)

    def run_all(self, page: str) -> None:
        """Run the commands of a page, in order, all of which mean one installation."""
        for command in all_commands():
            if command.page == page and needs_docker(command) and not elsewhere(command):
                self.bring_up(command)
                with self.subTest(command.text, line=command.line):
                    self.session.run(command)

    def bring_up(self, command: Command) -> None:
        """Have the installation be there, as a reader has who begins further down."""
        if "up" not in command.text and not self.project.containers("client"):
            self.project.up("--build")

    def test_the_readme_is_true(self) -> None:
        self.run_all(README)

    def test_the_page_on_operations_is_true(self) -> None:
        self.run_all(OPERATIONS)


class AllPages(TestCase):
    def test_no_other_page_has_a_command_of_docker(self) -> None:
        found = {c.page for c in all_commands() if needs_docker(c) and not elsewhere(c)}
        self.assertEqual(found, {README, OPERATIONS})
