"""The values of settings: read from the arguments, then the environment, then the default."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.settings import Flag, Setting, SettingError, Usage
from shared.text import quoted


def read(
    usage: Usage,
    settings: Sequence[Setting],
    words: Sequence[str],
    environment: Mapping[str, str],
    flags: Sequence[Flag] = (),
) -> dict[str, Any]:
    """Read all settings and flags; a value for each name. `words` are those behind the program's.

    An empty variable counts as one that is not set. Raises SettingError. `--help` prints and exits.
    """
    given: Mapping[str, Any] = {}
    if words:  # argparse takes longer to import than all else that a health check does
        from shared import arguments

        given = arguments.read(usage, settings, flags, words)
    values = {
        s.name: _value(s, given.get(s.name), environment.get(s.variable, "")) for s in settings
    }
    return values | {flag.name: given.get(flag.name, False) for flag in flags}


def _value(setting: Setting, given: str | list[str] | None, variable: str) -> Any:
    if given is not None:
        texts, source = [given] if isinstance(given, str) else given, f"{setting.argument} "
    elif variable.strip():
        texts = variable.split() if setting.many else [variable.strip()]
        source = f"{setting.variable}="
    elif setting.default is not None:
        texts, source = [setting.default], f"the default of {setting.argument}, "
    elif setting.default_help is not None:
        return None
    else:
        raise SettingError(
            f"{setting.argument} is required, or {setting.variable} in the environment: "
            f"{setting.metavar}, {setting.help}"
        )
    values = tuple(_parsed(setting, text, source) for text in texts)
    return values if setting.many else values[0]


def _parsed(setting: Setting, text: str, source: str) -> Any:
    try:
        return setting.parse(text)
    except ValueError as error:
        raise SettingError(f"{source}{quoted(setting.redact(text))}: {error}") from None
