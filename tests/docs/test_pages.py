"""The reading of pages themselves."""

from __future__ import annotations

from pathlib import Path

from tests.docs.pages import Block, Command, blocks, files, fits, session

PAGE = """# A page

```yaml routes.yaml
a: b
```

```console
$ waybill lint
good
$ waybill run &
$ waybill reload
no ... here
[1]
```
"""


def test_blocks_and_files(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert [(block.language, block.line) for block in blocks(page)] == [("yaml", 3), ("console", 7)]
    assert next(blocks(page)) == Block("yaml", "routes.yaml", "a: b\n", 3)
    assert files(page) == {"routes.yaml": "a: b\n"}


def test_a_session():
    text = PAGE.partition("```console\n")[2].partition("```")[0]
    lint, run, reload = session(text)
    assert lint == Command("waybill lint", "good\n", 0)
    assert (run.stays, run.words) == (True, ["waybill", "run"])
    assert (reload.output, reload.status) == ("no ... here\n", 1)


def test_output_fits():
    assert fits("good\nat ... ms\n", "good\nat 5 ms\n\n")
    assert not fits("good", "good\nand more")
    assert not fits("a.c", "abc")
