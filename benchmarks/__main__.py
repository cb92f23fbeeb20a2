"""The command line of the measurements."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import peers
from benchmarks.measuring import CHECKOUT
from benchmarks.suppression import PROTECTIONS, Choice, Row, keep, rows

FOLDER = CHECKOUT / "var" / "bench"


def main(arguments: Sequence[str]) -> None:
    """Run the measurement that is asked for; without a name, both, suppression on small tables."""
    asked = _parser().parse_args(arguments)
    if asked.what in (None, "pipeline"):
        _pipeline(getattr(asked, "rows", None) or [1_000_000])
    if asked.what == "portal":
        _portal(asked)
    if asked.what == "publishing":
        _publishing(asked)
    if asked.what == "suppression":
        _suppression(_choice(asked), asked.out)
    elif asked.what == "pages":
        _pages(asked.rows)
    elif asked.what is None:
        _suppression(Choice(up_to=1_500, peer_seconds=30), FOLDER / "suppression.json")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    what = parser.add_subparsers(dest="what")
    pipeline = what.add_parser("pipeline", help="each step beside a named baseline")
    pipeline.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    portal = what.add_parser("portal", help="the local portal beside Datasette")
    portal.add_argument("--rows", type=int, default=500_000)
    portal.add_argument(
        "--large", type=int, nargs="+", default=[1_000_000, 5_000_000], help="0: without"
    )
    portal.add_argument("--seconds", type=int, default=10, help="for each question")
    publishing = what.add_parser("publishing", help="publishing beside one bare PUT")
    publishing.add_argument(
        "--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 5_000_000]
    )
    publishing.add_argument("--datasets", type=int, default=200, help="0: no night without news")
    ours = what.add_parser("suppression", help="complementary suppression beside its peers")
    ours.add_argument("--instances", type=Path, help="folder of tables; default: generated ones")
    ours.add_argument("--recorded", type=Path, help="CSV of figures measured elsewhere")
    ours.add_argument("--only", nargs="+", default=(), metavar="TABLE")
    ours.add_argument("--protection", nargs="+", choices=PROTECTIONS, default=PROTECTIONS)
    ours.add_argument("--up-to", type=int, default=250_000, help="cells of the largest table")
    ours.add_argument("--seconds", type=float, help="for each search; default: as the goals allow")
    ours.add_argument("--peer-seconds", type=float, default=60.0, help="0: without peers")
    ours.add_argument("--peers-up-to", type=int, default=15_000, help="cells of their largest")
    ours.add_argument("--out", type=Path, default=FOLDER / "suppression.json")
    pages = what.add_parser("pages", help="the page of a large dataset in a browser")
    pages.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    return parser


def _choice(asked: argparse.Namespace) -> Choice:
    return Choice(
        folder=asked.instances,
        recorded=asked.recorded,
        names=tuple(asked.only),
        protections=tuple(asked.protection),
        up_to=asked.up_to,
        seconds=asked.seconds,
        peer_seconds=asked.peer_seconds,
        peers_up_to=asked.peers_up_to,
    )


def _suppression(choice: Choice, out: Path) -> None:
    from benchmarks.showing import console, progress_line, show_suppression

    screen, found = console(), list[Row]()
    if choice.peer_seconds and not peers.installed():
        screen.print("τ-ARGUS is not installed: `make bench-suppression` installs it.")
    for row in rows(choice):
        found.append(row)
        keep(found, out)
        screen.print(progress_line(row), highlight=False)
    show_suppression(found, screen)
    screen.print(f"Written to {out}")


def _portal(asked: argparse.Namespace) -> None:
    from benchmarks.portal import measured
    from benchmarks.showing import console
    from benchmarks.showing_portal import show_portal

    out = FOLDER / "portal.json"
    show_portal(measured(asked.rows, asked.large, asked.seconds, out), console())


def _publishing(asked: argparse.Namespace) -> None:
    from benchmarks.publishing import measured
    from benchmarks.showing import console
    from benchmarks.showing_publishing import show_publishing

    out = FOLDER / "publishing.json"
    show_publishing(measured(asked.rows, asked.datasets, out), console())


def _pipeline(counts: Sequence[int]) -> None:
    from benchmarks.pipeline import measured
    from benchmarks.showing import console
    from benchmarks.showing_pipeline import show_pipeline

    show_pipeline(measured(counts, FOLDER / "pipeline.json"), console())


def _pages(counts: Sequence[int]) -> None:
    from benchmarks.portal_pages import measured, show_pages
    from benchmarks.showing import console

    show_pages(measured(counts, FOLDER / "pages.json"), console())


if __name__ == "__main__":
    main(sys.argv[1:])
