"""The commands `spinewatch log …`: what a sensor kept while no computer was near."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from spinewatch_monitor.cli_text import clock, progress_of, recording_name, say, size, tell
from spinewatch_monitor.problems import BadInputError

if TYPE_CHECKING:
    from spinewatch_bridge.protocols.spinewatch_log import LogFile
    from spinewatch_monitor.log_fetch import Fetched, LogSession

Result = TypeVar("Result")
RESUMES = "Stopped. What was fetched is kept; the same command goes on from there."


@click.group("log")
def log() -> None:
    """What a sensor kept in its own memory while no computer was near."""


@log.command("list")
@click.argument("source")
def list_(source: str) -> None:
    """List the files of a sensor's log."""
    _run(_list(source))


@log.command()
@click.argument("source")
@click.option("--file", "number", type=click.IntRange(0, 65535), metavar="N", help="This file alone; else all.")
@click.option("--out", "target", type=click.Path(path_type=Path), metavar="NAME.mcap", help="Recording to write.")
def fetch(source: str, number: int | None, target: Path | None) -> None:
    """Fetch files of a sensor's log and make a recording of each. Ctrl-C stops; the same command then goes on."""
    if target is not None:
        recording_name(target)
    _run(_fetch(source, number, target))


@log.command()
@click.argument("source")
@click.option("--file", "number", type=click.IntRange(0, 65535), required=True, metavar="N", help="The file to erase.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--unfetched", is_flag=True, help="Erase it even when it was not fetched to this computer.")
def erase(source: str, number: int, yes: bool, unfetched: bool) -> None:
    """Erase one file of a sensor's log, once it was fetched to this computer."""
    _run(_erase(source, number, yes=yes, unfetched=unfetched))


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(RESUMES) from None


async def _list(source: str) -> None:
    from spinewatch_monitor.log_fetch import log_session

    async with log_session(source) as session:
        files = await session.reader.list_files()
        if not files:
            tell("The log of this sensor is empty.")
        for file in files:
            tell(_described(session, file))


async def _fetch(source: str, number: int | None, target: Path | None) -> None:
    from spinewatch_monitor.log_fetch import fetch as fetch_file
    from spinewatch_monitor.log_fetch import log_session

    async with log_session(source) as session:
        files = await session.reader.list_files()
        wanted = files if number is None else [_one_of(files, number)]
        if not wanted:
            tell("The log of this sensor is empty.")
        if target is not None and len(wanted) > 1:
            raise BadInputError(f"--out names one recording, the log has {len(wanted)} files. Add --file N.")
        for file in wanted:
            with progress_of(f"Fetching file {file.id}") as progress:
                done = await fetch_file(session, file, target, progress)
            _report(done)


async def _erase(source: str, number: int, *, yes: bool, unfetched: bool) -> None:
    from spinewatch_monitor.log_fetch import erase as erase_file
    from spinewatch_monitor.log_fetch import log_session

    async with log_session(source) as session:
        file = _one_of(await session.reader.list_files(), number)
        if not session.is_fetched(file) and not unfetched:
            raise BadInputError(
                f"File {number} was not fetched to this computer. Fetch it first: spinewatch log fetch {source} "
                f"--file {number}. Or add --unfetched to lose it."
            )
        if not yes:
            lost = "It was never fetched and will be lost. " if not session.is_fetched(file) else ""
            question = f"{_described(session, file)} {lost}Erase it from the sensor?"
            await asyncio.to_thread(click.confirm, question, abort=True)
        await erase_file(session, file, unfetched=unfetched)
        tell(f"File {number} is erased from the sensor.")


def _one_of(files: list[LogFile], number: int) -> LogFile:
    for file in files:
        if file.id == number:
            return file
    there = ", ".join(str(file.id) for file in files) or "none"
    raise BadInputError(f"There is no file {number} in the log. There are: {there}.")


def _described(session: LogSession, file: LogFile) -> str:
    from spinewatch_bridge.log_blocks import OLDEST_UTC_S

    known = file.start_utc_s is not None and file.start_utc_s >= OLDEST_UTC_S
    local = datetime.fromtimestamp(file.start_utc_s or 0.0, UTC).astimezone()
    start = f"{local:%Y-%m-%d %H:%M:%S}" if known else "start not known"
    fetched = "fetched" if session.is_fetched(file) else "not fetched yet"
    return f"File {file.id}: {start}, up to {clock(file.longest_s)} at {file.rate_hz:g} Hz, {fetched}."


def _report(done: Fetched) -> None:
    from spinewatch_bridge.log_blocks import PlacedBy

    if done.damaged_pages:
        say(f"Note: {done.damaged_pages} pages of file {done.file.id} are damaged in the sensor's memory and left out.")
    if done.times.by is PlacedBy.GUESSED:
        say(f"Note: {done.times.by.value}.")
    tell(f"{done.path}: file {done.file.id}, {done.samples} samples, {size(done.path.stat().st_size)}.")
