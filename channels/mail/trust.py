"""Whether our own mail server vouches for the From address (Authentication-Results, RFC 8601).

The header is free text that anybody can send. It counts only where its authserv-id is one of ours, and of those only the
topmost: our server writes above what came in, and must remove forged ones that bear its name.
"""

from __future__ import annotations

from collections.abc import Collection

from channels.mail.headers import Headers


def authenticated(headers: Headers, sender: str, authserv_ids: Collection[str]) -> bool:
    """dmarc=pass for the domain of `sender`, said by a server in `authserv_ids` (none configured: never)."""
    if len(headers.all("from")) != 1 or len(headers.addresses("from")) != 1:
        return False
    ours = {each.lower() for each in authserv_ids}
    for field in headers.all("authentication-results"):
        server, *results = _bare(field).split(";")
        if server.split()[:1] and server.split()[0] in ours:
            return _aligned_pass(results, sender.rpartition("@")[2])
    return False


def _aligned_pass(results: list[str], domain: str) -> bool:
    verdicts = [result.split() for result in results if result.split()[:1] and result.split()[0].startswith("dmarc=")]
    return len(verdicts) == 1 and verdicts[0][0] == "dmarc=pass" and f"header.from={domain}" in verdicts[0]


def _bare(field: str) -> str:
    """The field in lower case without comments and quoted strings: both may carry words of the sender's choosing
    (`smtp.mailfrom="x; dmarc=pass"`). Unbalanced ones end the field: what follows is not believed."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in field.lower():
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quoted:
            quoted = character != '"'
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == '"' and not depth:
            quoted = True
        elif depth == 0:
            kept.append(character)
        if depth < 0:
            break
    return "".join(kept).replace(" = ", "=").replace("= ", "=").replace(" =", "=")
