"""How the hub's processes log: one line an event on standard error (logfmt), no secret in any of
them."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "***"
_SECRET_NAME = re.compile(
    r"passw|passphrase|secret|token|authorization|cookie|credential"
    r"|(api|client|access|private)[-_ ]?key",
    re.IGNORECASE,
)
_SECRETS = (
    # the scheme of an Authorization header, and what follows
    re.compile(r"(?i)(?<=\bbearer )[^\s\"',;]+"),
    re.compile(r"(?i)(?<=\bapi-key )[^\s\"',;]+"),
    re.compile(r"(?i)(?<=\btoken )[A-Za-z0-9._~+/=-]{16,}"),
    re.compile(r"(?i)(?<=\bbasic )[A-Za-z0-9+/=]{8,}"),
    # the password in an address
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]*(?=@)"),
    # name=value and name: value, in queries, messages and printed mappings
    re.compile(r"(?i)(?<=password)[\"']?\s*[=:]\s*[\"']?[^\s\"'&,;)}]+"),
    re.compile(r"(?i)(?<=secret)[\"']?\s*[=:]\s*[\"']?[^\s\"'&,;)}]+"),
    # a JSON web token, a link that sets a password, what an identity provider sends back
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"),
    re.compile(r"(?<=/set-password/)[^\s/]+"),
    # the token of a share link
    re.compile(r"(?<=/s/)[A-Za-z0-9_-]{43}"),
    re.compile(r"(?<=/confirm-email/)[^\s/]+"),
    re.compile(r"(?<=[?&]code=)[^\s&]+"),
    re.compile(r"(?<=[?&]ticket=)[^\s&]+"),
    re.compile(r"(?<=[?&]id_token_hint=)[^\s&]+"),
)

Event = MutableMapping[str, Any]


def scrub_text(text: str) -> str:
    """The text without what looks like a credential."""
    for pattern in _SECRETS:
        text = pattern.sub(HIDDEN, text)
    return text


def scrub(_logger: Any, _method: str, event: Event) -> Event:
    """A structlog processor: hides values by the name they are logged under, and by how they
    look."""
    for name, value in event.items():
        event[name] = HIDDEN if _SECRET_NAME.search(name) else _scrubbed(value)
    return event


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, dict):
        return dict(scrub(None, "", dict(value)))
    if isinstance(value, list | tuple):
        return [_scrubbed(each) for each in value]
    return value


_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_settings(level: str = "INFO") -> dict[str, Any]:
    """Django's LOGGING: the standard library's loggers and structlog's write the same lines."""
    structlog.configure(
        processors=[*_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": "structlog.stdlib.ProcessorFormatter",
        "foreign_pre_chain": [*_PROCESSORS, structlog.stdlib.ExtraAdder()],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            scrub,
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "logger", "event"], bool_as_flag=False
            ),
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own handlers would write the same events a second time.
        "loggers": {"django": {"handlers": [], "propagate": True}},
    }
