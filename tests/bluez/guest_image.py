"""The guest of `make bluez`: a small Debian with bluetoothd as one initramfs, kept between runs, and our source on top.

Nothing is booted from a disk and nothing is installed on this machine. Packages come from where this machine's own apt
and pip get theirs.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newc import NewcWriter

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

ELSEWHERE_SUITE = "bookworm"  # on hosts other than Debian, from mmdebstrap's own default archive
PACKAGES = ("bluez", "dbus", "python3", "kmod", "busybox-static", "linux-image-amd64")
MODULE_FOLDERS = ("net/bluetooth", "net/rfkill", "drivers/bluetooth", "drivers/hid", "crypto", "lib", "arch/x86/crypto")
NOT_INSTALLED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/lib/udev/hwdb*",
                 "/etc/kernel/postinst.d/initramfs-tools", "/lib/modules/*/kernel/*")  # fmt: skip
NOT_NEEDED = re.compile(
    r"(boot|dev|proc|sys|run|tmp|vmlinuz|initrd|var/(cache|log|lib/(apt|dpkg))|usr/(share|lib/[^/]+)/perl)(/|\.|$)"
)
PYTHON_FOLDER = "opt/python"
# bumble's other requirements serve radios that are not used here.
WHEELS = ("bleak", "dbus-fast", "typing_extensions", "numpy", "bumble", "pyee")
BUILT_HERE = ("cobs", "pyserial")  # cobs has no wheels; without its compiled part it does the same in Python
SOURCES = ("firmware_bridge", "signal", "tests/bluez")
HELPERS = "tests/bridge_helpers.py"
SOURCE_FOLDER = "spinewatch"


class GuestError(Exception):
    """The guest cannot be built; the text says why, in one line."""


@dataclass(frozen=True)
class Guest:
    """What an emulator boots: a kernel, and an initramfs without our source."""

    kernel: Path
    initramfs: Path


def build_guest(cache: Path) -> Guest:
    """The kept guest, built first when there is none of these inputs.

    Args:
        cache: folder that may keep it; a few hundred megabytes.

    Raises:
        GuestError: when a tool fails.
    """
    folder = cache / _inputs_hash()
    guest = Guest(folder / "vmlinuz", folder / "initramfs")
    if guest.initramfs.exists():
        return guest
    print("Building the guest; this takes a minute or two and happens once ...", flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as name:
        work, made = Path(name), Path(name) / "made"
        made.mkdir()
        _install_debian(work / "debian.tar", made / "build.log")
        _install_python(work / "python", _python_of(work / "debian.tar"), made / "build.log")
        _pack(work / "debian.tar", work / "python", Guest(made / "vmlinuz", made / "initramfs"))
        _forget_others(cache, work)
        made.replace(folder)
    return guest


def add_source(guest: Guest, whole: Path) -> None:
    """Write the initramfs to boot: the kept one, and behind it our source as it is now."""
    shutil.copyfile(guest.initramfs, whole)
    with whole.open("ab") as out, NewcWriter(out) as archive:
        archive.folder(SOURCE_FOLDER)
        archive.folder(f"{SOURCE_FOLDER}/tests")
        for name in SOURCES:
            archive.folder(f"{SOURCE_FOLDER}/{name}")
            _add_folder(archive, ROOT / name, f"{SOURCE_FOLDER}/{name}", suffixes=(".py", ".sh"))
        _add_file(archive, ROOT / HELPERS, f"{SOURCE_FOLDER}/{HELPERS}")


def _inputs_hash() -> str:
    """Of all that the kept guest is made from: this file with its lists, versions, and where packages come from."""
    files = [Path(__file__), HERE / "newc.py", *sorted((ROOT / "constraints").glob("*.txt")), *_apt_sources()]
    text = "\0".join([_suite(), *(path.read_text(encoding="utf-8") for path in files)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _forget_others(cache: Path, but: Path) -> None:
    for folder in cache.iterdir():
        if folder != but and folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)


# --- Debian -----------------------------------------------------------------------------------------------------------


def _os_release() -> dict[str, str]:
    path = Path("/etc/os-release")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}


def _suite() -> str:
    release = _os_release()
    return release.get("VERSION_CODENAME", ELSEWHERE_SUITE) if release.get("ID") == "debian" else ELSEWHERE_SUITE


def _apt_sources() -> list[Path]:
    """This machine's own package sources of the guest's suite; none where it is no Debian."""
    if _os_release().get("ID") != "debian":
        return []
    apt = Path("/etc/apt")
    found = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list")),
             *sorted((apt / "sources.list.d").glob("*.sources"))]  # fmt: skip
    word = re.compile(rf"(?<![\w-]){re.escape(_suite())}(?!\w)")
    return [path for path in found if path.exists() and word.search(path.read_text(encoding="utf-8"))]


def _install_debian(tar: Path, log: Path) -> None:
    command = ["mmdebstrap", "--variant=minbase", "--architectures=amd64", f"--include={','.join(PACKAGES)}",
               '--aptopt=Apt::Install-Recommends "false"']  # fmt: skip
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in NOT_INSTALLED]
    command += [f"--dpkgopt=path-include=/lib/modules/*/kernel/{folder}/*" for folder in MODULE_FOLDERS]
    _run([*command, _suite(), str(tar), *map(str, _apt_sources())], log)


def _python_of(tar: Path) -> str:
    with tarfile.open(tar) as debian:
        for member in debian:
            found = re.fullmatch(r"\./usr/bin/python(3\.\d+)", member.name)
            if found:
                return found[1]
    raise GuestError("the guest has no Python.")


def _install_python(folder: Path, version: str, log: Path) -> None:
    constraints = ROOT / "constraints" / f"python{version}.txt"
    if not constraints.exists():
        raise GuestError(f"the guest's Python is {version}, for which {constraints.parent.name}/ has no versions.")
    common = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
              "--target", str(folder), "-c", str(constraints)]  # fmt: skip
    platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in (28, 17)]
    foreign = [f"--python-version={version}", "--implementation=cp", "--only-binary=:all:",
               "--platform=manylinux2014_x86_64", *platforms]  # fmt: skip
    _run([*common, *foreign, *WHEELS], log)
    _run([*common, *BUILT_HERE], log)


def _run(command: list[str], log: Path) -> None:
    with log.open("a", encoding="utf-8") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        last = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()][-3:]
        raise GuestError(f"{Path(command[0]).name} failed: {' / '.join(last)}")


# --- packing ----------------------------------------------------------------------------------------------------------


def _pack(tar: Path, python: Path, guest: Guest) -> None:
    with tarfile.open(tar) as debian, guest.initramfs.open("wb") as out, NewcWriter(out) as archive:
        for member in debian:
            name = member.name.removeprefix("./").rstrip("/")
            if name.startswith("boot/vmlinuz-"):
                guest.kernel.write_bytes(_content(debian, member).read())
            elif name not in ("", ".") and not NOT_NEEDED.match(name):
                _add_member(archive, debian, member, name)
        for name in ("dev", "proc", "sys", "run", "tmp", "opt", PYTHON_FOLDER):
            archive.folder(name)
        _add_folder(archive, python, PYTHON_FOLDER, without=("tests",))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> io.BufferedReader:
    content = tar.extractfile(member)
    if content is None:
        raise GuestError(f"{member.name} is no file.")
    return content  # type: ignore[return-value]


def _add_member(archive: NewcWriter, tar: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> None:
    if member.isdir():
        archive.folder(name, member.mode)
    elif member.issym():
        archive.link(name, member.linkname)
    elif member.isfile() or member.islnk():  # a hard link becomes a file of its own
        content = _content(tar, member)
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        archive.file(name, content, size, member.mode, int(member.mtime))


def _add_folder(
    archive: NewcWriter, folder: Path, name: str, *, suffixes: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> None:
    """All below a folder; with `suffixes`, of the files only those that end so, and no compiled ones."""
    for path, is_folder in _walk(folder, without):
        inside = f"{name}/{path.relative_to(folder).as_posix()}"
        if is_folder and not (suffixes and path.name == "__pycache__"):
            archive.folder(inside)
        elif not is_folder and path.suffix in (suffixes or (path.suffix,)):
            _add_file(archive, path, inside)


def _add_file(archive: NewcWriter, path: Path, name: str) -> None:
    found = path.stat()
    mode = 0o755 if path.suffix == ".sh" else found.st_mode & 0o777  # not every checkout keeps it
    with path.open("rb") as data:
        archive.file(name, data, found.st_size, mode, int(found.st_mtime))


def _walk(folder: Path, without: tuple[str, ...]) -> Iterator[tuple[Path, bool]]:
    """Everything below a folder, folders before what they hold."""
    for path in sorted(folder.iterdir()):
        if path.name not in without:
            yield path, path.is_dir()
            if path.is_dir():
                yield from _walk(path, without)
