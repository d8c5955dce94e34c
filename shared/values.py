"""The values of settings: read from the arguments, then the environment, then the default."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.settings import Flag, Setting, SettingError, Usage
from shared.text import quoted

DEFAULT = "the default of "


class Values(dict[str, Any]):
    """A value for each setting and flag, by its name; it knows where each one came from."""

    def __init__(self, values: Mapping[str, Any], sources: Mapping[str, str]) -> None:
        """Keep values, and for each setting where it came from, such as `--port ` or `PORT=`."""
        super().__init__(values)
        self._sources = sources

    def error(self, reason: object, **found: object) -> SettingError:
        """Make the error about values that are well-formed and cannot be used all the same.

        `found` are those values, by the names of their settings.
        """
        named = " ".join(f"{self._sources[name]}{quoted(each)}" for name, each in found.items())
        return SettingError(f"{named}: {reason}")


def read(
    usage: Usage,
    settings: Sequence[Setting],
    words: Sequence[str],
    environment: Mapping[str, str],
    flags: Sequence[Flag] = (),
) -> Values:
    """Read all settings and flags. `words` are those behind the program's.

    An empty variable counts as one that is not set. Raises SettingError. `--help` prints and exits.
    """
    given: Mapping[str, Any] = {}
    if words:  # argparse takes longer to import than all else that a health check does
        from shared import arguments

        given = arguments.read(usage, settings, flags, words)
    values: dict[str, Any] = {flag.name: given.get(flag.name, False) for flag in flags}
    sources = dict[str, str]()
    for setting in settings:
        texts, source = _texts(setting, given.get(setting.name), environment)
        parsed = tuple(_parsed(setting, text, source) for text in texts)
        values[setting.name] = parsed if setting.many else next(iter(parsed), None)
        sources[setting.name] = source.removeprefix(DEFAULT)
    return Values(values, sources)


def _texts(
    setting: Setting, given: str | list[str] | None, environment: Mapping[str, str]
) -> tuple[list[str], str]:
    """Return a setting's texts, and where they come from; none where the default is no text."""
    if given is not None:
        return [given] if isinstance(given, str) else given, f"{setting.argument} "
    if variable := environment.get(setting.variable, "").strip():
        return setting.split(variable) if setting.many else [variable], f"{setting.variable}="
    if setting.default is not None:
        return [setting.default], f"{DEFAULT}{setting.argument} "
    if setting.default_help is not None:
        return [], f"{setting.argument} "
    raise SettingError(
        f"{setting.argument} is required, or {setting.variable} in the environment: "
        f"{setting.metavar}, {setting.help}"
    )


def _parsed(setting: Setting, text: str, source: str) -> Any:
    try:
        return setting.parse(text)
    except ValueError as error:
        raise SettingError(f"{source}{quoted(setting.redact(text))}: {error}") from None
