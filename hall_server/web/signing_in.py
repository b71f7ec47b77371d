"""Who is signed in: a clerk at a counter or a technician, one a browser, for some hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from flask import Flask, request, session
from flask_login import LoginManager, current_user, login_user, logout_user

from hall_server import commands as c
from hall_server.settings import Clerk
from hall_server.web.answers import House, RefusedError
from hall_server.web.pins import LockedOutError, PinDesk, PinsBusyError, WrongPinError
from hall_server.web.signed_out import FILE, SignedOut

Role = Literal["clerk", "technician"]
_AT: Final = "at"
"""Where the session keeps counter, beginning and end."""


@dataclass(frozen=True)
class Person:
    """Who is signed in, as Flask-Login wants it."""

    id: str
    name: str
    role: Role
    counter: str
    """'' for a technician."""
    until_ms: int
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Kept in the session."""
        return self.id


class SignIns:
    """Signing in and out."""

    def __init__(self, app: Flask, house: House) -> None:
        self._house = house
        self._web = house.web
        self._clerks = {one.id: one for one in house.settings.clerk}
        self._pins = PinDesk(house.settings.clerk)
        # sessions begun before she last signed out are over, also copied ones
        self._ended = SignedOut(house.settings.data_dir / FILE)
        login = LoginManager(app)
        login.session_protection = "strong"  # a copied session is of no use at another address
        login.user_loader(self._load)

    def _load(self, clerk_id: str) -> Person | None:
        at = session.get(_AT)
        clerk = self._clerks.get(clerk_id)
        if clerk is None or not isinstance(at, dict):
            return None
        since_ms, until_ms = int(at["since_ms"]), int(at["until_ms"])
        if self._web.wall_ms() >= until_ms or since_ms <= self._ended.last_ms(clerk_id):
            return None
        return Person(clerk.id, clerk.name, clerk.role, str(at["counter"]), until_ms)

    def who(self, role: Role) -> Person | None:
        """Who is signed in here with that role."""
        person: Any = current_user._get_current_object()
        return person if isinstance(person, Person) and person.role == role else None

    def must(self, role: Role) -> Person:
        """Who is signed in here with that role.

        Raises:
            RefusedError: nobody is.
        """
        person = self.who(role)
        if person is None:
            raise RefusedError("signed_out", 401)
        return person

    def sign_in(self, role: Role, clerk_id: str, pin: str, counter: str, request_id: str) -> None:
        """Check the PIN, open the counter, and begin the session.

        Raises:
            RefusedError: a wrong PIN, too many of them, or the counter cannot be opened.
            HallUnavailableError: the hall takes nothing just now.
        """
        clerk = self._checked(role, clerk_id, pin)
        before = self.who("clerk")
        if before is not None and before.id != clerk.id:
            self._close_counter(before)
        if role == "clerk":
            self._house.ask(c.OpenCounter(request=request_id, counter=counter, clerk=clerk.id))
        now_ms = self._web.wall_ms()
        until_ms = now_ms + round(self._house.settings.web.session_hours * 3_600_000)
        session.clear()
        session[_AT] = {
            "counter": counter if role == "clerk" else "",
            "since_ms": max(now_ms, self._ended.last_ms(clerk.id) + 1),
            "until_ms": until_ms,
        }
        login_user(Person(clerk.id, clerk.name, clerk.role, counter, until_ms))

    def _checked(self, role: Role, clerk_id: str, pin: str) -> Clerk:
        try:
            clerk = self._pins.check(clerk_id, pin, request.remote_addr or "")
        except WrongPinError:
            raise RefusedError("wrong_pin", 401) from None
        except LockedOutError:
            raise RefusedError("locked_out", 429) from None
        except PinsBusyError:
            raise RefusedError("too_many", 429) from None
        if clerk.role != role:
            raise RefusedError("wrong_pin", 401)
        return clerk

    def sign_out(self, person: Person) -> None:
        """Close the counter and end the clerk's sessions.

        Raises:
            RefusedError: a ticket is called or served at the counter.
            HallUnavailableError: the hall takes nothing just now.
        """
        if person.role == "clerk":
            self._close_counter(person)
        self._ended.note(person.id, self._web.wall_ms())
        self.forget()

    def _close_counter(self, person: Person) -> None:
        outcome = self._web.writer.ask(
            c.CloseCounter(request="", counter=person.counter, clerk=person.id)
        )
        if outcome.code == "counter_busy":
            raise RefusedError(outcome.code)

    def forget(self) -> None:
        """End this browser's session."""
        logout_user()
        session.clear()
