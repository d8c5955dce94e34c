"""The grammar of a request head: one pattern a rule, each beside its section of the RFCs.

Repetitions are possessive where what follows cannot overlap: no input is ever tried twice.
"""

import re

# RFC 9110, 5.6.2
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"

# RFC 3986, 2.1 to 2.3, 3.3 and 3.4. What it leaves out (" < > \ ^ ` { | } and the fragment's #)
# belongs in no request target.
_PERCENT_ENCODED = rb"%[0-9A-Fa-f]{2}"
_UNRESERVED_SUB_DELIMS = rb"A-Za-z0-9\-._~!$&'()*+,;="
_PATH = rb"(?:/(?:[" + _UNRESERVED_SUB_DELIMS + rb":@]|" + _PERCENT_ENCODED + rb")*+)"
_QUERY = rb"(?:\?(?:[" + _UNRESERVED_SUB_DELIMS + rb":@/?]|" + _PERCENT_ENCODED + rb")*+)?"

# RFC 3986, 3.2.2 and 3.2.3, less the comma in a name: two Host lines that somebody has joined into
# one would else pass for a host. An http URI without a host is invalid: RFC 9110, 4.2.1.
_NAME = rb"(?:[A-Za-z0-9\-._~!$&'()*+;=]|" + _PERCENT_ENCODED + rb")++"
_LITERAL = rb"\[(?:[0-9A-Fa-f:.]++|v[0-9A-Fa-f]++\.[A-Za-z0-9\-._~!$&'()*+,;=:]++)\]"
_AUTHORITY = rb"(?:" + _NAME + rb"|" + _LITERAL + rb")(?::[0-9]{0,5})?"

# RFC 9112, 3: single blanks, and the version to the letter (2.3).
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([^ ]++) HTTP/([0-9])\.([0-9])")

# RFC 9112, 3.2.1 to 3.2.4
ORIGIN_FORM = re.compile(rb"(" + _PATH + rb"++)" + _QUERY)
ABSOLUTE_FORM = re.compile(
    rb"[Hh][Tt][Tt][Pp][Ss]?://(" + _AUTHORITY + rb")(" + _PATH + rb"*+)" + _QUERY
)
AUTHORITY_FORM = re.compile(rb"(?:" + _NAME + rb"|" + _LITERAL + rb"):[0-9]{1,5}")
ASTERISK_FORM = re.compile(rb"\*")

# RFC 9110, 7.2: the value of a Host field.
HOST = re.compile(_AUTHORITY)

# RFC 9112, 5 and RFC 9110, 5.5: no blank before the colon, no control but the tab in the value. The
# blanks around the value are not part of it. A folded line begins with a blank, so it is none.
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):([\t \x21-\x7e\x80-\xff]*+)")

# RFC 9110, 8.6: digits alone. Eighteen of them are more bytes than there are.
CONTENT_LENGTH = re.compile(r"[0-9]{1,18}")

# RFC 9110, 5.6.2, of text
TOKENS = re.compile(TOKEN.decode("ascii"))

# RFC 9112, 7.1: size and extensions (RFC 9110, 5.6.4 for the quoted string, 5.6.3 for the blanks).
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
_EXTENSION = (
    rb"[ \t]*+;[ \t]*+" + TOKEN + rb"(?:[ \t]*+=[ \t]*+(?:" + TOKEN + rb"|" + _QUOTED + rb"))?"
)
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:" + _EXTENSION + rb")*+")

# Where a head stops being one, wherever it is cut: its end, or the first thing that no line of it
# may hold (a bare LF, a bare CR, a control; RFC 9112, 2.2).
HEAD_STOP = re.compile(rb"\r\n\r\n|(?<!\r)\n|\r(?=[^\n])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
