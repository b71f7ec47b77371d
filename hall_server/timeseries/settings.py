"""The ``[timeseries]`` table of the hall's settings: which store, and how it is fed."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class TimeSeriesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the hall's measures go; with no ``url`` nothing is spooled and nothing is sent."""

    url: Annotated[
        str,
        Meta(
            max_length=300,
            pattern=r"^(https?://[^\s/@]+(/\S*)?)?$",
            description="address of a store that takes InfluxDB's /api/v2/write; empty is off",
        ),
    ] = ""
    org: Annotated[
        str, Meta(min_length=1, max_length=120, description="organisation in InfluxDB 2")
    ] = "motcua"
    bucket: Annotated[
        str, Meta(min_length=1, max_length=120, description="bucket that takes the points")
    ] = "motcua"
    token_file: Annotated[
        str,
        Meta(max_length=500, description="file with the store's token; empty sends none"),
    ] = ""
    settle_s: Annotated[
        float,
        Meta(
            ge=0.05,
            le=3600,
            description="seconds after which the store must have put a point on its disk; "
            "until then the spool keeps it",
        ),
    ] = 60.0
    confirm_by: Annotated[
        Literal["start_time", "second_write"],
        Meta(
            description="how a point is known to be safe: the store has not been started anew "
            "since it was written, or it was written twice (for stores behind a balancer)"
        ),
    ] = "start_time"
    batch_points: Annotated[
        int, Meta(ge=1, le=20_000, description="points sent in one request, at most")
    ] = 2_000
    sample_s: Annotated[
        int, Meta(ge=1, le=600, description="seconds between samples of the queue's length")
    ] = 10
    timeout_s: Annotated[
        float, Meta(ge=0.1, le=60, description="seconds that one request may take")
    ] = 10.0
    spool_points: Annotated[
        int,
        Meta(
            ge=100,
            le=5_000_000,
            description="points the spool holds, at most; beyond, the journal keeps them",
        ),
    ] = 200_000
    spool_mb: Annotated[
        int, Meta(ge=1, le=4096, description="megabytes of points the spool holds, at most")
    ] = 64
