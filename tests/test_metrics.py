"""Metrics: the text format of Prometheus, to the letter."""

from shared.metrics import Metric, counter, exposition, gauge
from tests.support import TestCase


class Exposition(TestCase):
    def test_a_metric_has_its_help_its_type_and_its_samples(self) -> None:
        errors = Metric("errors_total", "counter", "Errors.", [({"status": "404"}, 2)])
        self.assertEqual(
            exposition([gauge("clients", "Clients now.", 3), errors], {}),
            "# HELP clients Clients now.\n"
            "# TYPE clients gauge\n"
            "clients 3\n"
            "# HELP errors_total Errors.\n"
            "# TYPE errors_total counter\n"
            'errors_total{status="404"} 2\n',
        )

    def test_all_samples_have_the_common_labels(self) -> None:
        told = exposition(
            [Metric("bytes", "gauge", "Size.", [({"coding": "gzip"}, 1.5)]), counter("n", "N.", 7)],
            {"host": "a", "address": "b"},
        )
        self.assertIn('\nbytes{host="a",address="b",coding="gzip"} 1.5\n', told)
        self.assertIn('\nn{host="a",address="b"} 7\n', told)

    def test_a_metric_without_samples_is_not_told(self) -> None:
        self.assertEqual(exposition([gauge("age", "Age.", None)], {"host": "a"}), "")

    def test_no_value_of_a_label_breaks_the_format(self) -> None:
        told = exposition([gauge("up", "Up.", 1)], {"url": 'a"b\\c\nd'})
        self.assertEqual(told.splitlines()[2], r'up{url="a\"b\\c\nd"} 1')

    def test_a_moment_keeps_its_digits(self) -> None:
        self.assertIn(
            "at 1795768894.51148\n", exposition([gauge("at", "At.", 1795768894.51148)], {})
        )
