"""The store through influxdb-client; apart, because importing that client takes a while."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from hall_server.timeseries.settings import TimeSeriesSettings
from hall_server.timeseries.store import LinesRefusedError, StoreAwayError

_MS: Final = WritePrecision.MS
_LINES_AT_FAULT: Final = frozenset({400, 413, 422})
_START: Final = re.compile(r"^process_start_time_seconds(?:\{[^}]*\})? (\S+)", re.MULTILINE)


class InfluxStore:
    """Any store that takes InfluxDB 2's ``/api/v2/write``, through influxdb-client.

    The client's own batching is off: it keeps its batches in memory, and our spool is on disk.
    """

    def __init__(self, settings: TimeSeriesSettings) -> None:
        self._bucket = settings.bucket
        token = ""
        if settings.token_file:
            try:
                token = Path(settings.token_file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise StoreAwayError(
                    f"token_file {settings.token_file} cannot be read "
                    f"({type(error).__name__}): mend [timeseries] token_file"
                ) from None
        milliseconds = int(settings.timeout_s * 1000)
        # the client's own annotations are incomplete
        self._client: Any = InfluxDBClient(
            url=settings.url,
            token=token,
            org=settings.org,
            timeout=(min(2_000, milliseconds), milliseconds),
        )
        self._write: Any = self._client.write_api(write_options=SYNCHRONOUS)
        self._url = settings.url.rstrip("/")

    def write(self, lines: Sequence[str]) -> None:
        """Write ``lines``; returns when the store has accepted all of them.

        Raises:
            LinesRefusedError: 400, 413 or 422, so at least one line is at fault.
            StoreAwayError: no connection, no answer in time, not allowed, or the store's own fault.
        """
        try:
            self._write.write(bucket=self._bucket, record="\n".join(lines), write_precision=_MS)
        except ApiException as error:
            if error.status in _LINES_AT_FAULT:
                raise LinesRefusedError(_reason(error)) from None
            raise StoreAwayError(_advice(error, self._url)) from None
        except (HTTPError, OSError) as error:
            raise StoreAwayError(_unreachable(error, self._url)) from None

    def started(self) -> str | None:
        """``process_start_time_seconds`` of the store's ``/metrics``; None where it has none."""
        try:
            api = self._client.api_client
            # a copy: the client writes its own Content-Type into the headers it is given
            headers = dict(api.default_headers)
            answer = api.request("GET", f"{self._url}/metrics", headers=headers)
        except ApiException as error:
            if error.status is not None and 400 <= error.status < 500:
                return None
            raise StoreAwayError(_advice(error, self._url)) from None
        except (HTTPError, OSError) as error:
            raise StoreAwayError(_unreachable(error, self._url)) from None
        found = _START.search(str(answer.data))
        return found.group(1) if found else None

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()


def _reason(error: ApiException) -> str:
    return f"{error.status} {' '.join(str(error.body or error.reason or '').split())[:300]}"


def _advice(error: ApiException, url: str) -> str:
    what = {
        401: "the token is wrong or missing: see [timeseries] token_file",
        403: "the token may not write to this bucket: see [timeseries] token_file",
        404: "no such bucket, organisation or address: see [timeseries] url, org, bucket",
    }.get(error.status or 0, "the store has a fault: read its log")
    return f"{url}: {_reason(error)}; {what}"


def _unreachable(error: Exception, url: str) -> str:
    return f"{url}: no answer ({type(error).__name__}); start the store or mend [timeseries] url"
