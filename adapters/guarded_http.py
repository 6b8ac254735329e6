"""HTTP to addresses that people give: never to this machine, nor into a private network.

Each hop of a request is checked, redirects too: its name is resolved once, the address is refused
unless it is a public one, and the connection goes to that very address, so that a name can't
change its answer in between. The checks are those of ``requests-hardened``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

MOST_REDIRECTS = 5
PORTS = {"http": 80, "https": 443}

AddressNotPublicError = InvalidIPAddress
"""The address, or one that it redirects to, is not on the public internet."""


class GuardedSession(requests.Session):
    """A session that connects to public addresses and to ``allowed`` hosts only.

    It reads no proxy and no password from the environment.

    Args:
        allowed: hosts that may be private, as ``name`` or ``name:port``.
    """

    def __init__(self, *, allowed: Collection[str] = ()) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = MOST_REDIRECTS
        for scheme in PORTS:
            self.mount(f"{scheme}://", _GuardedAdapter(scheme, frozenset(allowed)))


class _GuardedAdapter(IPFilterAdapter):  # type: ignore[misc]  # an untyped library
    def __init__(self, scheme: str, allowed: frozenset[str]) -> None:
        super().__init__(is_https_proto=scheme == "https")
        self._port = PORTS[scheme]
        self._allowed = allowed

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        parts = urlsplit(str(request.url))
        host, port = str(parts.hostname), parts.port or self._port
        if self._allowed.isdisjoint({host, f"{host}:{port}"}):
            return super().build_connection_pool_key_attributes(request, verify, cert)
        return HTTPAdapter.build_connection_pool_key_attributes(self, request, verify, cert)
