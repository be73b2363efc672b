"""The documentation says what the code does."""

from __future__ import annotations

import re

import pytest

from docs.generate import FOLDER, PAGES
from fixtures.settings import ROOT


@pytest.mark.parametrize("file", PAGES)
def test_generated_pages_are_current(file: str) -> None:
    assert (FOLDER / file).read_text() == PAGES[file](), "run: python -m docs.generate"


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())]
    assert links
    assert not [
        (page.name, link) for page, link in links if "://" not in link and not (page.parent / link).resolve().exists()
    ]
