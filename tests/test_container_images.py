"""The two images: their size, what is inside and what is not, their labels, how they run alone."""

import hashlib
import json
import os
import re
import tarfile
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from shared.version import VERSION
from tests.containers import HEALED, PYTHON, USER, Container, lacking, run
from tests.support import TestCase, wait_until

PROGRAMS = ("server", "client")
MEGABYTE = 1_000_000  # bytes, as `docker images` counts
BUDGETS = {"server": 14, "client": 21}  # megabytes


def words(text: str) -> frozenset[str]:
    """Take a text apart at white space."""
    return frozenset(text.split())


# The modules and packages of the standard library that are files in both images, by their names.
# What is built or frozen into the interpreter is not among them, but for `os`, its landmark.
COMMON = words(
    """
    _asyncio _bisect _colorize _compat_pickle _contextvars _datetime _heapq _json _opcode
    _opcode_metadata _posixsubprocess _queue _random _sha2 _socket _struct _weakrefset argparse
    array ast asyncio bisect calendar collections concurrent contextlib contextvars copy copyreg
    dataclasses datetime difflib dis email encodings enum fcntl fnmatch functools gettext glob heapq
    http importlib inspect ipaddress json keyword linecache locale logging math opcode operator os
    pathlib pickle queue random re reprlib select selectors shlex shutil signal socket string
    stringprep struct subprocess textwrap threading token tokenize traceback types typing
    unicodedata urllib warnings weakref zlib
    """
)
OWN = {
    "server": words("mmap resource termios"),
    "client": words(
        """
        _blake2 _compression _ctypes _md5 _sha1 _sha3 _ssl base64 binascii ctypes gzip hashlib
        quopri ssl tempfile
        """
    ),
}

# The shared libraries beside those modules, without their versions and architectures.
COMMON_LIBRARIES = words("ld-linux libc libgcc_s libm libpython libz")
OWN_LIBRARIES = {"server": words(""), "client": words("libcrypto libffi libssl")}

# What is neither.
COMMON_OTHERS = words("ld.so.cache nsswitch.conf python")
OWN_OTHERS = {"server": words(""), "client": words("cert.pem")}

# What the engine puts into every container.
ENGINES = re.compile(
    r"\.dockerenv|(dev|proc|sys)(/.*)?|etc|etc/(hostname|hosts|mtab|resolv\.conf)|\."
)

# Where the program's user can write, what is its own, and what would give it another's rights. What
# the engine mounts is left out, and no link is followed.
FOUND_BY_THE_USER = f"""
import os
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = set(folders) - {{"dev", "proc", "sys"}}
    for path in (folder, *(os.path.join(folder, file) for file in files)):
        status = os.lstat(path)
        writable = not os.path.islink(path) and os.access(path, os.W_OK)
        owned = {USER} in (status.st_uid, status.st_gid)
        if writable or owned or status.st_mode & 0o6000:
            print(path)
"""


@dataclass(frozen=True)
class Entry:
    """One file, folder or link in an image."""

    kind: bytes
    mode: int
    owner: tuple[int, int]
    link: str
    time: float
    """Of its last change, in seconds since 1970."""
    digest: str
    """Of its bytes; empty for all but files."""


@dataclass(frozen=True)
class Image:
    """One of our images, by the program in it."""

    program: str

    @property
    def name(self) -> str:
        """The engine's name of it."""
        return f"gateway-test-{os.getpid()}-images-{self.program}"

    @property
    def stage(self) -> str:
        """The engine's name of the stage that it is built in: the full image, and the sources."""
        return f"{self.name}-build"

    def build(self, name: str, *options: str) -> None:
        """Build it, or a stage of it, under a name."""
        run("docker", "build", "-t", name, "-f", f"Dockerfile.{self.program}", *options, ".")

    def remove(self, *names: str) -> None:
        """Remove images of those names."""
        run("docker", "image", "rm", "-f", *names)

    def details(self, name: str | None = None) -> dict[str, Any]:
        """Tell what the engine knows of it, or of another one."""
        told = run("docker", "image", "inspect", name or self.name)
        details: dict[str, Any] = json.loads(told)[0]
        return details

    def run(self, *arguments: str, name: str | None = None, entry: str = PYTHON) -> str:
        """Run a command in it, or in another one, and tell what that printed."""
        image = name or self.name
        confined = ("--rm", "--network", "none", "--entrypoint", entry)
        return run("docker", "run", *confined, image, *arguments).rstrip("\n")

    def entries(self, name: str | None = None, folder: str = "/") -> dict[str, Entry]:
        """Tell all that is in a folder of it, or of another one, by the paths below the folder."""
        container = run("docker", "create", name or self.name, "nothing").strip()
        try:
            with tempfile.NamedTemporaryFile() as file:
                script = 'exec docker cp "$0" - > "$1"'
                run("sh", "-c", script, f"{container}:{folder}/.", file.name)
                with tarfile.open(file.name) as archive:
                    return {os.path.normpath(m.name): entry(archive, m) for m in archive}
        finally:
            run("docker", "rm", container)


def entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    """Tell what an archive says of one of its members."""
    content = archive.extractfile(member) if member.isreg() else None
    return Entry(
        member.type,
        member.mode,
        (member.uid, member.gid),
        member.linkname,
        member.mtime,
        hashlib.sha256(content.read()).hexdigest() if content else "",
    )


SHARED = re.compile(r"\.so(\.\d+)*$")  # the end of a shared library's name


def in_library(file: PurePosixPath) -> bool:
    """Tell whether a file is the standard library's."""
    return bool(re.match(r"usr/local/lib/python3\.\d+/", str(file)))


def module(file: PurePosixPath) -> str:
    """Tell the module or package at the top that a file of the standard library is of."""
    below = [part for part in file.parts[4:] if part != "lib-dynload"]
    return below[0].partition(".")[0]


def library(file: PurePosixPath) -> str:
    """Tell the name of a shared library without what is a version's or an architecture's."""
    known = re.match(r"ld-linux|libpython", file.name)
    return known[0] if known else file.name.partition(".so")[0]


IMAGES = [Image(program) for program in PROGRAMS]


def setUpModule() -> None:
    """Build both images, or skip all where that cannot be."""
    if reason := lacking():
        raise unittest.SkipTest(reason)
    for image in IMAGES:
        # The stage first, under a name: else the classic builder leaves it behind without one.
        unittest.addModuleCleanup(image.remove, image.name, image.stage)
        image.build(image.stage, "--target", "build")
        image.build(image.name)


class Contents(TestCase):
    def files(self, image: Image) -> list[PurePosixPath]:
        """Tell the paths of the files that an image has besides the program."""
        found = image.entries().items()
        files = [PurePosixPath(path) for path, entry in found if entry.digest]
        return [f for f in files if f.parts[0] != "app" and not ENGINES.fullmatch(str(f))]

    def assert_same(self, found: set[str], expected: frozenset[str]) -> None:
        """See to it that nothing has come and nothing has gone."""
        differences = {"came": found - expected, "went": expected - found}
        self.assertEqual(differences, {"came": set(), "went": set()})

    def test_each_is_within_its_budget(self) -> None:
        for image in IMAGES:
            with self.subTest(image.program):
                budget = BUDGETS[image.program] * MEGABYTE
                self.assertLessEqual(image.details()["Size"], budget)

    def test_the_standard_library_is_what_the_program_needs(self) -> None:
        for image in IMAGES:
            with self.subTest(image.program):
                inside = {module(file) for file in self.files(image) if in_library(file)}
                self.assert_same(inside, COMMON | OWN[image.program])

    def test_the_shared_libraries_are_what_the_program_needs(self) -> None:
        for image in IMAGES:
            with self.subTest(image.program):
                others = [file for file in self.files(image) if not in_library(file)]
                inside = {library(file) for file in others if SHARED.search(file.name)}
                self.assert_same(inside, COMMON_LIBRARIES | OWN_LIBRARIES[image.program])

    def test_there_is_nothing_else(self) -> None:
        for image in IMAGES:
            with self.subTest(image.program):
                others = [file for file in self.files(image) if not in_library(file)]
                names = {file.name for file in others if not SHARED.search(file.name)}
                inside = {re.sub(r"^python3\.\d+$", "python", name) for name in names}
                self.assert_same(inside, COMMON_OTHERS | OWN_OTHERS[image.program])

    def test_all_is_roots_but_for_the_volume(self) -> None:
        """Nothing else can be written to, is the user's, or gives another's rights."""
        for image in IMAGES:
            with self.subTest(image.program):
                self.assertEqual(image.run("-c", FOUND_BY_THE_USER), "/run/gateway")
                others = {
                    path: entry.owner
                    for path, entry in image.entries().items()
                    if entry.owner != (0, 0) and not ENGINES.fullmatch(path)
                }
                self.assertEqual(others, {"run/gateway": (USER, USER)})

    def test_another_build_gives_the_same(self) -> None:
        """The same files, with the same bytes, modes, owners and times."""
        for image in IMAGES:
            with self.subTest(image.program):
                again = f"{image.name}-again"
                self.addCleanup(image.remove, again)
                image.build(again, "--target", "build", "--no-cache")
                # /run has the time of the second COPY, and the stage has no volume in it.
                left_out = re.compile(rf"{ENGINES.pattern}|run(/.*)?")
                first, second = (
                    {p: e for p, e in entries.items() if not left_out.fullmatch(p)}
                    for entries in (image.entries(), image.entries(again, "/image"))
                )
                self.assertGreater(len(first), 100)
                differing = {p for p in first | second if first.get(p) != second.get(p)}
                self.assertEqual(differing, set())
                self.assertEqual({entry.time for entry in first.values()}, {0})


class Programs(TestCase):
    def test_there_is_no_shell(self) -> None:
        for image in IMAGES:
            with (
                self.subTest(image.program),
                self.assertRaisesRegex(AssertionError, "no such file"),
            ):
                image.run("-c", "true", entry="/bin/sh")

    def test_help_is_the_same_as_with_all_of_the_standard_library(self) -> None:
        """Whose docstrings are not in the image."""
        for image in IMAGES:
            with self.subTest(image.program):
                command = ("-m", image.program, "--help")
                self.assertEqual(image.run(*command), image.run(*command, name=image.stage))

    def test_what_a_function_imports_and_is_not_there_fails_the_build(self) -> None:
        """Else it would be missed by the first user who comes there."""
        for image in IMAGES:
            module = f"{image.program}.gateway"
            with self.subTest(image.program), self.assertRaisesRegex(AssertionError, module):
                layout = ("deploy/image.py", image.program, "/tmp/image", "--without", module)
                image.run(*layout, name=image.stage)

    def test_what_is_loaded_by_name_only_is_there(self) -> None:
        """Codecs are, and what shows an exception that nobody caught."""
        codecs = "'żółw'.encode('idna') + 'żółw'.encode('unicode_escape') + 'żółw'.encode('utf-16')"
        error = f"import traceback; {codecs}; traceback.print_exc(); print('there')"
        for image in IMAGES:
            with self.subTest(image.program):
                self.assertEqual(image.run("-c", error), "there")

    def test_threads_that_are_ended_early_end_well(self) -> None:
        """As daemon threads are at the exit: libc loads a library then that nothing links to.

        Without it most such exits, though not all, are a crash.
        """
        code = (
            "import threading, time\n"
            "def spin():\n"
            "    while True: time.sleep(0.0001)\n"
            "for _ in range(20): threading.Thread(target=spin, daemon=True).start()\n"
            "time.sleep(0.1)"
        )
        for image in IMAGES:
            for attempt in range(5):
                with self.subTest(image.program, attempt=attempt):
                    image.run("-c", code)

    def test_the_client_knows_the_certificate_authorities(self) -> None:
        code = "import ssl; print(ssl.create_default_context().cert_store_stats()['x509_ca'])"
        self.assertGreater(int(Image("client").run("-c", code)), 100)

    def test_the_server_has_no_tls(self) -> None:
        code = "import importlib.util; print(importlib.util.find_spec('_ssl'))"
        self.assertEqual(Image("server").run("-c", code), "None")

    def test_each_runs_with_nothing_and_stops_when_told(self) -> None:
        """No network, no capability, no file to write but in its volume."""
        commands = {
            "server": ("--port", "0"),
            "client": ("--endpoint", "1=http://127.0.0.1:9/"),  # where nobody listens
        }
        confined = (
            *("--network", "none", "--cap-drop", "ALL", "--read-only", "--ipc", "none"),
            *("--security-opt", "no-new-privileges", "-v", "/run/gateway"),
        )
        for image in IMAGES:
            with self.subTest(image.program):
                command = ("docker", "run", "-d", *confined, image.name, *commands[image.program])
                container = Container(run(*command).strip())
                self.addCleanup(run, "docker", "rm", "-f", "-v", container.id)
                self.wait_until_started(container, image.program)
                run("docker", "stop", "-t", "60", container.id)
                state = container.inspect()["State"]
                self.assertEqual((state["Status"], state["ExitCode"]), ("exited", 0))

    def wait_until_started(self, container: Container, program: str) -> None:
        """Wait until a program has logged its start."""
        line = f"info {program} started"
        wait_until(lambda: any(line in each for each in container.log()), line, HEALED)


class Labels(TestCase):
    def labels(self, image: Image, name: str | None = None) -> dict[str, str]:
        """Tell the labels of an image, or of another one, without what all of them begin with."""
        labels = image.details(name)["Config"]["Labels"].items()
        return {key.removeprefix("org.opencontainers.image."): value for key, value in labels}

    def test_they_tell_what_it_is(self) -> None:
        for image in IMAGES:
            with self.subTest(image.program):
                labels = self.labels(image)
                self.assertIn(image.program, labels["title"])
                self.assertTrue(labels["description"])
                self.assertEqual(labels["version"], VERSION)
                self.assertEqual((labels["source"], labels["revision"]), ("unknown", "unknown"))

    def test_others_change_no_layer(self) -> None:
        for image in IMAGES:
            with self.subTest(image.program):
                name = f"{image.name}-labelled"
                self.addCleanup(image.remove, name)
                origin = ("--build-arg", "SOURCE=https://one.example/", "--build-arg", "REVISION=7")
                image.build(name, *origin)
                labels = self.labels(image, name)
                self.assertEqual(labels["source"], "https://one.example/")
                self.assertEqual(labels["revision"], "7")
                first, second = (
                    image.details(each)["RootFS"]["Layers"] for each in (image.name, name)
                )
                # The last one has the time of /run, which is not that of a build beside this.
                self.assertEqual(first[:-1], second[:-1])
                self.assertEqual(len(first), len(second))

    def test_the_engine_knows_how_to_stop_and_to_ask(self) -> None:
        for image in IMAGES:
            with self.subTest(image.program):
                known = image.details()["Config"]
                self.assertEqual(known["StopSignal"], "SIGTERM")
                self.assertEqual(known["User"], f"{USER}:{USER}")
                asked = ["CMD", PYTHON, "-m", image.program, "health"]
                self.assertEqual(known["Healthcheck"]["Test"], asked)
