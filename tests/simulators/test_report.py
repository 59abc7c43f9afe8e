"""The device's report: readable, deterministic, with the keyword for the seal on its last page."""

from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from simulators.report import KEYWORD, main, make_report, report_bytes


def test_the_text_holds_order_patient_and_keyword(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    make_report(path, "175||3125", "姓名: 测试甲 性别: 女", "自主神经功能检测", pages=3)
    reader = PdfReader(path)
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) == 3
    assert all("175||3125" in text and "测试甲" in text for text in texts)
    assert KEYWORD in texts[2]
    assert KEYWORD not in texts[0]


def test_a_file_object_gets_the_same_bytes() -> None:
    out = BytesIO()
    make_report(out, "1||2", "patient", "exam")
    assert out.getvalue() == report_bytes("1||2", "patient", "exam")
    assert report_bytes("1||3", "patient", "exam") != out.getvalue()


def test_the_command_writes_a_file_and_refuses_wrong_usage(tmp_path: Path) -> None:
    assert main([str(tmp_path / "a.pdf"), "1||2", "patient", "exam"]) == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    assert main([]) == 2
