"""The site that make docs builds: what docs/conf.py adds to the pages."""

from __future__ import annotations

import importlib.util
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

from twisted.trial.unittest import SkipTest, SynchronousTestCase

CONF = Path(__file__).parents[1] / "docs" / "conf.py"


class Site(SynchronousTestCase):
    """Where Sphinx is there, which make docs installs."""

    def test_links(self) -> None:
        """The file of a page becomes a link to it; other files stay as they are."""
        if importlib.util.find_spec("sphinx") is None:
            raise SkipTest("Sphinx is not there: make docs")
        spec = importlib.util.spec_from_file_location("conf", CONF)
        assert spec is not None and spec.loader is not None
        conf = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(conf)
        read = import_module("docutils.core").publish_doctree
        page = read("``docs/ways.rst``, ``docs/man``, ``etc/ftpalg.toml``, ``docs/a.rst and more``")
        conf.link(SimpleNamespace(env=SimpleNamespace(docname="here")), page)
        links = [one for one in page.findall() if one.tagname == "pending_xref"]
        self.assertEqual([(one["reftarget"], one["refdoc"]) for one in links], [("/ways", "here")])
        literals = [one.astext() for one in page.findall() if one.tagname == "literal"]
        self.assertEqual(literals, ["docs/man", "etc/ftpalg.toml", "docs/a.rst and more"])
