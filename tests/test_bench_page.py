"""bench: what it writes into the documents, and the picture."""

from __future__ import annotations

from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from bench import machine, page, picture
from bench.simple_table import lines
from tests.simple_tables import Table, tables

HEAD = ["case", "direct", "ftpalg", "mod_proxy", "Squid ftp_port"]
MEASURED: Table = (
    HEAD,
    [
        ["RETR, CPU s/GiB", "", "0.33", "1.1 (3.3)", "6.1 (18)"],
        ["RETR, TLS to the client, CPU s/GiB", "", "1.7", "2.1 (1.2)", ""],
        ["login and QUIT, CPU ms", "", "2.1", "110 (52)", "1.0 (0.50)"],
        ["RETR 16 KiB, files/s", "900", "250", "500", "fails"],
        ["idle session, KiB", "", "8.3", "2760 (332)", "34 (4.1)"],
    ],
)
COLUMNS = ["", "ftpalg", "mod_proxy", "SuSE", "frox", "Squid", "kernel helper"]
README = [
    ["TLS to clients", "yes", "yes", "no", "no", "no", "blind"],
    ["CPU for 1 GiB in clear", "1 s", "1 s", "1 s", "1 s", "1 s", "1 s"],
    ["CPU for a login", "1 ms", "1 ms", "1 ms", "1 ms", "1 ms", "1 ms"],
]
SVG = "{http://www.w3.org/2000/svg}"


class Pages(SynchronousTestCase):
    """Where figures are read."""

    def test_readme(self) -> None:
        """Rows that have figures get the new ones; the others, and all around, stay as they are."""
        head = ["\\", *COLUMNS[1:]]
        text = "\n".join(["Before", "", *lines(head, README), "", "After", ""])
        made = page.readme(text, MEASURED)
        [(_, rows)] = tables(made)
        self.assertEqual(rows[0], README[0])
        self.assertEqual(rows[1][1:], ["0.33 s", "1.1 s", page.NONE, page.NONE, "6.1 s", page.NONE])
        self.assertEqual(rows[2][1:3], ["2.1 ms", "110 ms"])
        self.assertEqual((made[:8], made[-7:]), (text[:8], text[-7:]))

    def test_between(self) -> None:
        """What stands between the two comments is replaced, and nothing else."""
        text = f"one\n\n{page.BEGIN}\n\nold\n\n{page.END}\n\ntwo\n"
        made = page.written(text, "new")
        self.assertEqual(made, text.replace("old", "new"))
        self.assertEqual(page.written(made, "new"), made)
        self.assertRaises(ValueError, page.written, "no comments", "new")

    def test_aims(self) -> None:
        """Both are told as they were found; of what failed nothing is."""
        self.assertEqual(
            page.aims(MEASURED),
            "A login by ftpalg takes 2.0 times Squid's CPU, where at most 1.6 was the aim."
            "  It moves 0.5 times as many small files a second as mod_proxy, where 1.3 was the aim.",
        )
        head, rows = MEASURED
        failed = [[cell if cell != "500" else page.FAILS for cell in row] for row in rows]
        self.assertNotIn("mod_proxy", page.aims((head, failed)))

    def test_beside(self) -> None:
        """What ran beside it is told."""
        self.assertIn("Nothing else was seen", machine.beside(0.3))
        self.assertIn("Other work ran beside it (load 2.5", machine.beside(2.5))


class Pictures(SynchronousTestCase):
    """Costs as multiples of the first one's."""

    def test_multiples(self) -> None:
        """Rows without any are left out; the first one is 1 in each."""
        self.assertEqual(
            picture.multiples(MEASURED),
            {
                "RETR, CPU s/GiB": [(0, 1.0), (1, 3.3), (2, 18.0)],
                "RETR, TLS to the client, CPU s/GiB": [(0, 1.0), (1, 1.2)],
                "login and QUIT, CPU ms": [(0, 1.0), (1, 52.0), (2, 0.5)],
                "idle session, KiB": [(0, 1.0), (1, 332.0), (2, 4.1)],
            },
        )

    def test_marked(self) -> None:
        """The scale holds all values, and goes no further than it has to."""
        self.assertEqual(picture.marked([0.3, 1, 4]), [0.2, 0.5, 1, 2, 5])
        self.assertEqual(picture.marked([1, 10]), [1, 2, 5, 10])

    def test_drawn(self) -> None:
        """It is XML; each point is there, within the picture, and each name, as text."""
        drawn = picture.drawn(MEASURED)
        self.assertLess(len(drawn), 200_000)
        root = ElementTree.fromstring(drawn)
        texts = [one.text for one in root.iter(f"{SVG}text")]
        for name in (*HEAD[2:], "login and QUIT, CPU ms"):
            self.assertIn(name, texts)
        places = [one.get("transform") for one in root.iter(f"{SVG}path") if one.get("transform")]
        self.assertEqual(len(places), len(HEAD[2:]) + 11)
        for place in places:
            x, y = map(float, str(place)[len("translate(") : -1].split(","))
            self.assertTrue(0 < x < picture.WIDE, place)
            self.assertGreater(y, 0)
