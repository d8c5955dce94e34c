"""Lays out the root of an image: the interpreter, one program, and what the two need.

    PYTHONHASHSEED=0 python3 deploy/image.py PROGRAM ROOT [--without MODULE ...]

It runs in the build stage of a Dockerfile, as root, in the folder with the sources. What the
program imports is found by the standard library's `modulefinder`, which reads the code of functions
too, and the libraries by `ldd`; so no version and no architecture is named anywhere. At last all
that the program imports anywhere is imported inside the new root: what is missing there fails the
build, not the user.

The same sources and interpreter give the same bytes, modes and times. The hash seed is fixed so
that no set's order can get into them.
"""

import argparse
import ast
import importlib.util
import os
import py_compile
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.machinery import FrozenImporter
from modulefinder import ModuleFinder
from pathlib import Path

APP = Path("/app")  # where the program goes in the image

# What the interpreter and the codecs' registry load by name, where no finder sees it.
BY_NAME = (
    "encodings.ascii",
    "encodings.idna",  # every name look-up
    "encodings.latin_1",
    "encodings.punycode",  # idna
    "encodings.unicode_escape",
    "encodings.utf_8",
    "runpy",  # python -m
    "site",
    "traceback",  # an exception that nobody caught
)

# What the standard library imports in corners that a service never enters. Without this list the
# client's image would be 6 MB larger, the server's 11.
NEVER = (
    # substitutes for what this interpreter has compiled or frozen in
    "_py_abc",
    "_pydatetime",
    "_threading_local",
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    # other systems
    "asyncio.windows_events",
    "encodings.mbcs",
    "nturl2path",
    # prompts, and modules that are also commands
    "_pyrepl",
    "doctest",
    "getopt",
    "getpass",
    "pprint",
    "pydoc",
    "readline",
    "rlcompleter",
    "statistics",
    # programs in archives, and data in packages
    "bz2",
    "importlib.metadata",
    "importlib.readers",
    "lzma",
    "pkgutil",
    "tarfile",
    "zipfile",
    # writing mail, and other schemes than http
    "smtplib",
    "email.generator",
    "email.policy",
    "ftplib",
    "http.cookiejar",
    "mimetypes",
    # other processes, and groups of users
    "concurrent.futures.process",
    "grp",
    "multiprocessing",
    # logging.handlers imports pickle, and nothing uses it; compiled, it is three times as large
    "_pickle",
    # where memory was allocated, for a warning that says so
    "tracemalloc",
    # OpenSSL's digests: hashlib has its own
    "_hashlib",
)

# Frozen into the interpreter, and all the same looked for as a file: so it finds its library.
LANDMARK = "os"

# Loaded, beside libc, when a thread is ended early, as daemon threads are at the interpreter's
# exit. Without it the program would end by an abort, and ldd does not see it.
BESIDE_LIBC = "libgcc_s.so.1"

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")  # Debian's bundle


def main() -> None:
    """Lay out the root that the arguments describe."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("program")
    parser.add_argument("root", type=Path)
    parser.add_argument("--without", metavar="MODULE", nargs="+", default=[])
    arguments = parser.parse_args()
    # Whoever checks the sources out under a strict umask must get a program that can be read.
    os.umask(0o022)
    root: Path = arguments.root
    modules = find(arguments.program, arguments.without)
    interpreter = Path(sys.executable).resolve()
    copy(interpreter, root, executable=True)
    root.joinpath("usr/local/bin/python3").symlink_to(interpreter.name)
    for file in modules.values():
        place(file, root)
    binaries = [interpreter, *(file for file in modules.values() if file.suffix == ".so")]
    for library in libraries(binaries):
        copy(library, root, executable=True)
    # For a library under /usr/local, which the loader finds by its cache only.
    copy(Path("/etc/ld.so.cache"), root)
    copy(Path("/etc/nsswitch.conf"), root)
    if "ssl" in modules:
        copy(CERTIFICATES, root, Path(ssl.get_default_verify_paths().openssl_cafile))
    prove(root, {name: file for name, file in modules.items() if is_ours(file)})
    settle(root)


def find(program: str, without: Iterable[str]) -> dict[str, Path]:
    """Tell the files of the modules that a program may import, by the modules' names.

    Those that are built or frozen into the interpreter need none.
    """
    finder = ModuleFinder([os.getcwd(), *sys.path[1:]], excludes=[*NEVER, *without])
    for name in (*BY_NAME, f"{program}.__main__"):
        finder.import_hook(name)
    files = {name: vars(module)["__file__"] for name, module in finder.modules.items()}
    return {
        name: Path(file)
        for name, file in sorted(files.items())
        if file and (name == LANDMARK or not FrozenImporter.find_spec(name))
    }


def is_ours(file: Path) -> bool:
    """Tell whether a file is the program's, not the standard library's."""
    return file.is_relative_to(Path.cwd())


def place(file: Path, root: Path) -> None:
    """Put a module into the root, compiled.

    The program keeps its source, for tracebacks show it; the standard library's stays behind, and
    so do its docstrings and assertions, as with `python -OO`: they are a sixth of its code.
    """
    if file.suffix == ".so":
        copy(file, root)
    elif is_ours(file):
        target = APP / file.relative_to(Path.cwd())
        copy(file, root, target)
        compile_to(Path(importlib.util.cache_from_source(str(target))), file, root, target, 0)
    else:
        compile_to(file.with_suffix(".pyc"), file, root, file, 2)


def compile_to(compiled: Path, source: Path, root: Path, shown: Path, level: int) -> None:
    """Compile a source file into the root; `shown` is the name for tracebacks.

    The level of optimisation is one of `compile`.
    """
    py_compile.compile(
        str(source),
        cfile=str(inside(root, compiled)),
        dfile=str(shown),
        doraise=True,
        optimize=level,
        # Never compared with a source, so that the times of files do not matter.
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def libraries(binaries: Iterable[Path]) -> set[Path]:
    """Tell the shared libraries that binaries need, the loader among them."""
    listing = subprocess.run(
        ["ldd", *map(str, binaries)], check=True, capture_output=True, text=True
    ).stdout
    # "libm.so.6 => /lib/…/libm.so.6 (0x…)", and "/lib64/ld-linux-….so.2 (0x…)" for the loader
    fields = [line.rpartition("=> ")[2].split() for line in listing.splitlines()]
    found = {Path(f[0]) for f in fields if len(f) == 2 and f[0].startswith("/")}
    libc = next(library for library in found if library.name.startswith("libc.so"))
    return found | {libc.with_name(BESIDE_LIBC)}


def copy(file: Path, root: Path, target: Path | None = None, executable: bool = False) -> None:
    """Copy a file to the same place in the root, or to another; what a link points to, too."""
    copied = inside(root, target or file)
    shutil.copyfile(file, copied)
    if executable:
        copied.chmod(0o755)


def inside(root: Path, path: Path) -> Path:
    """Tell where an absolute path is under the root, its folder made."""
    moved = root / path.relative_to("/")
    moved.parent.mkdir(parents=True, exist_ok=True)
    return moved


def prove(root: Path, sources: Mapping[str, Path]) -> None:
    """Import inside the root, with nothing else in reach, modules and all that they ever import.

    What stands in a function would else be missed by the user only.
    """
    statements = {f"import {name}" for name in sources}.union(*map(imports, sources.values()))
    subprocess.run(
        ["chroot", str(root), sys.executable, "-"],
        check=True,
        input="\n".join(sorted(statements)),
        text=True,
        env=os.environ | {"PYTHONPATH": str(APP)},
    )


def imports(source: Path) -> set[str]:
    """Tell the import statements of a source file, those inside functions too."""
    tree = ast.parse(source.read_bytes())
    return {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)}


def settle(root: Path) -> None:
    """Give all in the root one time, whenever it was laid out."""
    for path in (root, *root.rglob("*")):
        os.utime(path, (0, 0), follow_symlinks=False)


if __name__ == "__main__":
    main()
