"""The wait by hour of each policy, drawn as an SVG that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

WIDTH: Final = 900
HEIGHT: Final = 480
LEFT: Final = 70
RIGHT: Final = 170
TOP: Final = 50
BOTTOM: Final = 60
COLOURS: Final = ("#6b7280", "#b91c1c", "#1d4ed8", "#a16207", "#15803d", "#7c3aed")
DASHES: Final = ("", "", "8 4", "3 3", "10 3 3 3", "2 5")


def chart(waits: Mapping[str, Sequence[float | None]], hours: Sequence[int], load: float) -> str:
    """One line a policy: ``waits`` in minutes for those who came in each of ``hours``.

    A line is broken where nobody came.
    """
    most = max([1.0, *(wait for line in waits.values() for wait in line if wait is not None)])
    step = next(one for one in (1, 2, 5, 10, 20, 30, 60, 120, 1_000) if most / one <= 8)

    def x(place: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * place / max(1, len(hours) - 1)

    def y(minutes: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * minutes / most

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="14" fill="#111827">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="18">Thời gian chờ theo giờ đến, tải {load:g} / '
        f"Wait by hour of arrival, load {load:g}</text>",
    ]
    minutes = 0
    while minutes <= most:
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(minutes):.1f}" y2="{y(minutes):.1f}" '
            'stroke="#e5e7eb"/>'
            f'<text x="{LEFT - 8}" y="{y(minutes) + 5:.1f}" text-anchor="end">{minutes}</text>'
        )
        minutes += step
    parts += [
        f'<text x="{x(place):.1f}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">{hour}</text>'
        for place, hour in enumerate(hours)
    ]
    parts.append(
        f'<text x="{LEFT}" y="{HEIGHT - 12}">giờ đến / hour of arrival; phút / minutes</text>'
    )
    for number, (name, line) in enumerate(waits.items()):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        at_y = TOP + 22 * number + 10
        for stretch in _stretches(line):
            points = " ".join(f"{x(at):.1f},{y(wait):.1f}" for at, wait in stretch)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5" '
                f'stroke-dasharray="{dash}"/>'
            )
        parts.append(
            f'<line x1="{WIDTH - RIGHT + 12}" x2="{WIDTH - RIGHT + 42}" y1="{at_y - 5}" '
            f'y2="{at_y - 5}" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"/>'
            f'<text x="{WIDTH - RIGHT + 50}" y="{at_y}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _stretches(line: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    found: list[list[tuple[int, float]]] = [[]]
    for at, wait in enumerate(line):
        if wait is None:
            found.append([])
        else:
            found[-1].append((at, wait))
    return [stretch for stretch in found if stretch]
