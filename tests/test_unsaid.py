"""A secret that is said aloud fails the test in which it was, wherever it was said."""

from pathlib import Path

import pytest

from tests.unsaid import PASSWORD, PLAIN_PASSWORD

TESTS = f"""
import logging

def test_quiet(tmp_path):
    print("redis://***@127.0.0.1:1/0")
    (tmp_path / "worker.log").write_text("all is well")

def test_log_record():
    logging.getLogger("x").warning("no way to %s", "redis://:{PLAIN_PASSWORD}@127.0.0.1:1/0")

def test_file(tmp_path):
    (tmp_path / "worker.log").write_text("{PASSWORD}")
"""


def test_a_secret_in_an_output_or_a_log_fails_its_test(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    pytester.makepyfile(TESTS)
    done = pytester.runpytest_subprocess("-p", "tests.unsaid", "-p", "no:schemathesis", "-p", "no:asyncio")
    capsys.readouterr()  # else this test would say it aloud
    assert done.parseoutcomes() == {"passed": 3, "errors": 2}
    done.stdout.fnmatch_lines(["a secret was said aloud:", "*worker.log: *"])
