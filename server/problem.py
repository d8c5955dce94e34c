"""Problems: answers that say what is wrong, as RFC 9457 problem documents."""

import json
from dataclasses import dataclass
from http import HTTPStatus

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request does not get the data. A value, so that equal ones can be rendered once."""

    status: HTTPStatus
    detail: str
    """One sentence for the person behind the request; nothing that the request held."""
    fields: tuple[tuple[str, str], ...] = ()
    """What the status asks for, such as Allow or Retry-After."""
    closes: bool = True
    """Whether the connection ends with it, as it must where the next request's begin is unsure."""
    bodiless: bool = False
    """Whether it is the answer to a HEAD, RFC 9110, 9.3.2."""

    def document(self) -> bytes:
        """Render the problem document, RFC 9457, 3."""
        members = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        return json.dumps(members).encode()
