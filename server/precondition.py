"""Preconditions: whether a request asks only for news, RFC 9110, 13. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

# RFC 9110, 8.8.3, as a member of a list; members that are malformed are passed over.
_ENTITY_TAG = re.compile(r'(?:^|,)[ \t]*(W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)')

# RFC 9110, 5.6.7: the three forms that every recipient must take. `email.utils` alone would take
# far more, and an invalid date must be ignored.
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_YEAR = "[1-9][0-9]{3}"
_TIME = "[0-9]{2}:[0-9]{2}:[0-9]{2}"
_DATE = re.compile(
    f"{_DAY}, [0-9]{{2}} {_MONTH} {_YEAR} {_TIME} GMT"
    f"|(?P<rfc850>{_LONG_DAY}, [0-9]{{2}}-{_MONTH}-[0-9]{{2}} {_TIME} GMT)"
    f"|{_DAY} {_MONTH} [ 0-9][0-9] {_TIME} {_YEAR}"
)


def evaluate(
    fields: Mapping[str, str], tag: str, last_modified: int, now: float
) -> HTTPStatus | None:
    """Tell what the preconditions of a GET come to, in the order of RFC 9110, 13.2.2.

    `tag` is the entity tag of the representation that would be sent; `last_modified` and `now` are
    in seconds since the epoch. 412 where it is not what was asked for, 304 where it is what the
    client has, None where it is to be sent.
    """
    if not _is_as_expected(fields, tag, last_modified, now):
        return HTTPStatus.PRECONDITION_FAILED
    if (none_match := fields.get("if-none-match")) is not None:
        return HTTPStatus.NOT_MODIFIED if _names(none_match, tag, strongly=False) else None
    modified = _date(fields.get("if-modified-since"), now)
    if modified is not None and last_modified <= modified:
        return HTTPStatus.NOT_MODIFIED
    return None


def _is_as_expected(fields: Mapping[str, str], tag: str, last_modified: int, now: float) -> bool:
    match = fields.get("if-match")
    if match is not None:
        return _names(match, tag, strongly=True)
    unmodified = _date(fields.get("if-unmodified-since"), now)
    return unmodified is None or last_modified <= unmodified


def _names(value: str, tag: str, strongly: bool) -> bool:
    """Tell whether a list of entity tags, or *, names a strong tag, RFC 9110, 8.8.3.2."""
    if value == "*":
        return True
    return any(
        found == tag and not (weak and strongly) for weak, found in _ENTITY_TAG.findall(value)
    )


def _date(value: str | None, now: float) -> float | None:
    """Tell an HTTP date in seconds since the epoch; None where it is not one."""
    match = _DATE.fullmatch(value or "")
    if not match:
        return None
    try:
        date = parsedate_to_datetime(match[0]).replace(tzinfo=UTC)
        return (_in_full(date, now) if match["rfc850"] else date).timestamp()
    except ValueError:  # a 31st of February
        return None


def _in_full(date: datetime, now: float) -> datetime:
    """Choose the century for a year of two digits: the latest that is no more than 50 years ahead.

    RFC 9110, 5.6.7.
    """
    today = datetime.fromtimestamp(now, UTC)
    last = today.year + 50
    year = last - (last - date.year) % 100
    if year == last and date.timetuple()[1:6] > today.timetuple()[1:6]:
        year -= 100
    return date.replace(year=year)
