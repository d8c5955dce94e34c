"""Proxies: which one the environment names for a URL, by `http_proxy` and its like."""

import ipaddress
import re
from urllib.request import getproxies_environment

from client.redaction import redact
from client.url import Url, parse_url
from shared.text import shown


class ProxyError(Exception):
    """A proxy cannot be used; the text says why."""


def proxy_for(url: Url) -> Url | None:
    """Return the proxy by which a URL is fetched. Raises ProxyError."""
    proxies = getproxies_environment()
    text = proxies.get(url.scheme)
    if not text or bypasses(proxies.get("no", ""), url.host, url.port):
        return None
    text = text if "://" in text else f"http://{text}"
    try:
        proxy = parse_url(text)
    except ValueError:
        proxy = None
    if not proxy or proxy.scheme != "http":
        raise ProxyError(f"the proxy {shown(redact(text))} is not of the form http://HOST:PORT")
    return proxy


def bypasses(no_proxy: str, host: str, port: int) -> bool:
    """Tell whether a host is to be reached without a proxy, as curl reads `no_proxy`.

    That is names, which stand for all below them too, addresses and networks, with commas or blanks
    between them; `*` alone stands for all. A port behind one, as Python has it, limits it to that.
    """
    if no_proxy.strip() == "*":
        return True
    entries = re.split(r"[\s,]+", no_proxy.lower())
    return any(_covers(entry, host.removesuffix("."), port) for entry in entries)


def _covers(entry: str, host: str, port: int) -> bool:
    # An address of IPv6 without brackets has no port behind it.
    match = re.fullmatch(r"(\[[^\]]*\](?:/[0-9]+)?|[^:]*)(?::([0-9]+))?", entry)
    pattern, wanted = match.groups() if match else (entry, None)
    if wanted is not None and int(wanted) != port:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _is_below(host, pattern.removeprefix(".").removesuffix("."))
    try:
        return address in ipaddress.ip_network(re.sub(r"[\[\]]", "", pattern), strict=False)
    except ValueError:
        return False


def _is_below(host: str, name: str) -> bool:
    return name != "" and (host == name or host.endswith(f".{name}"))
