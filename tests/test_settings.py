"""Settings: arguments, environment and defaults."""

import contextlib
import io
import os
import shlex
import tempfile
from typing import Any
from unittest import mock

from shared import settings, values
from shared.settings import Flag, Setting, SettingError, Usage
from tests.support import TestCase

COMMANDS = {"status": (Flag("json", "--json", "as JSON"),)}
USAGE = Usage("program", "It does.", COMMANDS, "program 1.2.3")

SETTINGS = (
    Setting("limit", "--limit", "LIMIT", "N", "slots", settings.whole_number(1, 100), "7"),
    Setting("name", "--name", "NAME", "WORD", "the name", str, default_help="a guess"),
    Setting(
        "time", "--time", "TIME", "SECONDS", "how long", settings.seconds(0.01), "1", many=True
    ),
    Setting("form", "--form", "FORM", "FORM", "which", settings.one_of("text", "json"), "text"),
)


def read(arguments: str = "", **environment: str) -> dict[str, Any]:
    """Read the settings above."""
    return values.read(USAGE, SETTINGS, arguments.split(), environment)


class Settings(TestCase):
    def test_the_default_counts_where_nothing_is_said(self) -> None:
        self.assertEqual(read(), {"limit": 7, "name": None, "time": (1.0,), "form": "text"})

    def test_the_environment_wins_over_the_default(self) -> None:
        self.assertEqual(read(LIMIT="8", TIME=" 1 2.5\n .5 ")["time"], (1, 2.5, 0.5))
        self.assertEqual(read(LIMIT=" 8 ")["limit"], 8)

    def test_an_argument_wins_over_the_environment(self) -> None:
        values = read("--limit 9 --time 3 --time=4", LIMIT="8", TIME="1")
        self.assertEqual((values["limit"], values["time"]), (9, (3, 4)))

    def test_an_empty_variable_is_one_that_is_not_set(self) -> None:
        self.assertEqual(read(LIMIT="", TIME=" ")["limit"], 7)

    def test_a_bad_value_is_named_with_its_setting_and_what_would_be_right(self) -> None:
        cases = {
            "--limit 0": "--limit 0: want a whole number from 1 to 100",
            "--limit 101": "--limit 101: want a whole number from 1 to 100",
            "--limit -1": "--limit -1: want a whole number from 1 to 100",
            "--limit 1_0": "--limit 1_0: want a whole number from 1 to 100",
            "--limit ٣": "--limit '٣': want a whole number from 1 to 100",
            "--limit +5": "--limit +5: want a whole number from 1 to 100",
            "--limit ten": "--limit ten: want a whole number from 1 to 100",
            "--limit \x1b[2J": "--limit $'\\x1b[2J': want a whole number from 1 to 100",
            "--time nan": "--time nan: want a number of seconds from 0.01 up, such as 1",
            "--time inf": "--time inf: want a number of seconds from 0.01 up, such as 1",
            "--time 0.001": "--time 0.001: want a number of seconds from 0.01 up, such as 1",
            "--time -5": "--time -5: want a number of seconds from 0.01 up, such as 1",
            f"--time {'9' * 400}": f"--time '{'9' * 199}…': want a number of seconds from 0.01 up, "
            "such as 1",
            "--form xml": "--form xml: want one of text, json",
        }
        for arguments, message in cases.items():
            with self.subTest(arguments), self.assertRaises(SettingError) as caught:
                read(arguments)
            self.assertEqual(str(caught.exception), message)

    def test_a_default_that_cannot_be_used_here_is_named_with_its_setting(self) -> None:
        some = (Setting("n", "--n", "N", "N", "how many", settings.whole_number(1, 9), "0"),)
        with self.assertRaises(SettingError) as caught:
            values.read(USAGE, some, [], {})
        self.assertEqual(
            str(caught.exception), "the default of --n 0: want a whole number from 1 to 9"
        )

    def test_a_bad_variable_is_named_as_such(self) -> None:
        with self.assertRaises(SettingError) as caught:
            read(LIMIT="-5")
        self.assertEqual(str(caught.exception), "LIMIT=-5: want a whole number from 1 to 100")

    def test_values_that_cannot_be_used_are_named_as_the_user_set_them(self) -> None:
        cases = {
            "--limit 9 --name a": "--limit 9 --name 'a b': no good",
            "--limit 9": "--limit 9 NAME='a b': no good",
            "": "LIMIT=9 NAME='a b': no good",
        }
        for arguments, message in cases.items():
            with self.subTest(arguments):
                found = values.read(USAGE, SETTINGS, arguments.split(), {"LIMIT": "9", "NAME": "a"})
                self.assertEqual(str(found.error("no good", limit=9, name="a b")), message)
        found = values.read(USAGE, SETTINGS, [], {})
        self.assertEqual(str(found.error("no good", limit=7)), "--limit 7: no good")

    def test_an_unknown_or_shortened_argument_is_an_error_of_one_line(self) -> None:
        for arguments in ("--nonsense 1", "--lim 5", "stray", "--limit"):
            with self.subTest(arguments), self.assertRaises(SettingError) as caught:
                read(arguments)
            self.assertNotIn("\n", str(caught.exception))

    def test_what_is_nearly_right_is_told_what_may_be_meant(self) -> None:
        cases = {
            "--limti 3": "unrecognized arguments: --limti, 3; did you mean --limit? (see",
            "--limit 3 status": "status: want it as the first word (see",
            "--json": "--json: want status as the first word, whose it is (see",
            "statsu": "unrecognized arguments: statsu; did you mean status? (see",
            "--form jsn": "--form jsn: want one of text, json; did you mean json?",
            "--status": "unrecognized arguments: --status; did you mean status? (see",
            "--forms x": "unrecognized arguments: --forms, x; did you mean --form? (see",
        }
        for arguments, message in cases.items():
            with self.subTest(arguments), self.assertRaises(SettingError) as caught:
                read(arguments)
            self.assertTrue(str(caught.exception).startswith(message), caught.exception)

    def test_what_is_not_near_is_told_no_such_thing(self) -> None:
        for arguments in ("--nonsense", "--form x", "stray", "--port"):
            with self.subTest(arguments), self.assertRaises(SettingError) as caught:
                read(arguments)
            self.assertNotIn("mean", str(caught.exception))

    def test_one_of_several_words_is_taken_in_any_case(self) -> None:
        self.assertEqual(read("--form JSON")["form"], "json")

    def test_a_value_is_shown_as_a_shell_takes_it(self) -> None:
        """So that the line can be copied, mended and tried again."""
        for value in ("a b", "", "a'b", "$HOME", "*", "a;b", "ż"):
            with self.subTest(value), self.assertRaises(SettingError) as caught:
                values.read(USAGE, SETTINGS, ["--form", value], {})
            told, _, _ = str(caught.exception).partition(": want")
            self.assertEqual(shlex.split(told), ["--form", value])

    def test_the_version_is_told(self) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), self.assertRaises(SystemExit) as caught:
            read("--version")
        self.assertEqual((caught.exception.code, printed.getvalue()), (0, "program 1.2.3\n"))

    def test_help_is_the_same_on_any_terminal(self) -> None:
        shown = set()
        for columns in ("20", "200"):
            printed = io.StringIO()
            with (
                mock.patch.dict(os.environ, COLUMNS=columns),
                contextlib.redirect_stdout(printed),
                self.assertRaises(SystemExit),
            ):
                read("--help")
            shown.add(printed.getvalue())
        self.assertEqual(len(shown), 1)

    def test_a_required_setting_that_is_missing_says_what_is_wanted(self) -> None:
        required = (Setting("url", "--url", "URL", "URL", "the address", str),)
        with self.assertRaises(SettingError) as caught:
            values.read(USAGE, required, [], {})
        self.assertEqual(
            str(caught.exception), "--url is required, or URL in the environment: URL, the address"
        )

    def test_help_names_default_and_variable_of_each(self) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), self.assertRaises(SystemExit) as caught:
            read("--help")
        self.assertEqual(caught.exception.code, 0)
        text = " ".join(printed.getvalue().split())
        self.assertIn("--limit N slots [7; LIMIT]", text)
        self.assertIn("--name WORD the name [a guess; NAME]", text)

    def test_the_exit_status_of_a_bad_setting_is_2(self) -> None:
        with tempfile.TemporaryFile("w+") as printed, contextlib.redirect_stderr(printed):
            with self.assertRaises(SystemExit) as caught:
                settings.exit_with("server", SettingError("--limit 0: want more"))
            self.assertEqual(caught.exception.code, 2)
            printed.seek(0)
            self.assertEqual(printed.read(), "server: --limit 0: want more\n")
