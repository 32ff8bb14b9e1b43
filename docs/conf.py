"""How Sphinx makes the documentation: make docs."""

import importlib.util
import re
import urllib.request
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

from ftpalg import __version__
from ftpalg.cli.reference import write

project = "ftpalg"
version = release = __version__
copyright = "the authors of ftpalg, MIT licence"

html_theme = "furo" if importlib.util.find_spec("furo") else "alabaster"
html_title = f"ftpalg {__version__}"
html_copy_source = False
exclude_patterns = ["man"]
highlight_language = "none"
smartquotes = False  # what is quoted is what the program says
linkcheck_timeout = 20
linkcheck_retries = 2
PAGE = re.compile(r"docs/([a-z-]+)\.rst")
RFCS = "https://www.rfc-editor.org/rfc/"


def reachable() -> bool:
    """Whether the network allows to look at links that lead elsewhere."""
    try:
        urllib.request.urlopen(urllib.request.Request(RFCS, method="HEAD"), timeout=10).close()
    except OSError:
        return False
    return True


def begin(app) -> None:
    """Write the pages that come from the program; leave foreign links alone without a network."""
    write(Path(app.srcdir) / "generated")
    if app.builder.name == "linkcheck" and not reachable():
        print("no network: links that lead elsewhere are not looked at")
        app.config.linkcheck_ignore = ["https?://"]


def link(app, doctree) -> None:
    """Lead from ``docs/NAME.rst`` to that page, by its title: in the source it is a file that is there."""
    for literal in list(doctree.findall(nodes.literal)):
        if found := PAGE.fullmatch(literal.astext()):
            page = addnodes.pending_xref(
                "",
                nodes.inline(literal.astext(), literal.astext()),
                refdomain="std",
                reftype="doc",
                reftarget=f"/{found[1]}",
                refexplicit=False,
                refwarn=True,
                refdoc=app.env.docname,
            )
            literal.replace_self(page)


def setup(app) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", begin)
    app.connect("doctree-read", link)
