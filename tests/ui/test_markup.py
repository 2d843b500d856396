"""What an answer may become in the page, whatever its text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.markup import Doubt, Target, answer_html, is_view_url, plain

TARGETS = {1: Target("/api/v1/passages/c-1/view", 'Règlement "des aides" <b>, page 3')}
ALLOWED = {
    "p", "br", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "h4", "h5", "h6",
    "hr", "div", "table", "thead", "tbody", "tr", "th", "td", "a",
}  # fmt: skip
HOSTILE = st.lists(
    st.sampled_from(
        [
            "[1]", "[9]", "**", "*", "`", "```", "\n", "\n\n", "- ", "1. ", "| a |", "|---|", "> ",
            "# ", "<script>", "</p>", "<img src=x onerror=y>", "![x](http://a.b)", "[x](http://a.b)",
            "$x$", ":red[x]", ":material/home:", "~~x~~", "&lt;", "\\", "'", '"', "taux de 30 %", "  ",
            "javascript:alert(1)", "---", "\t", "é",
        ]
    )
)  # fmt: skip


class Tags(HTMLParser):
    """Collects tags, addresses and text of some HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.addresses: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src"}}
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def tags_of(markup: str) -> Tags:
    parser = Tags()
    parser.feed(markup)
    parser.close()
    assert not parser.open
    return parser


@given(HOSTILE.map("".join))
def test_answer_html_makes_only_its_own_tags(text: str) -> None:
    found = tags_of(answer_html(text, TARGETS))

    assert found.seen <= ALLOWED
    assert found.addresses <= {TARGETS[1].url + "#passage"}
    assert found.attributes <= {
        "class", "href", "target", "rel", "title", "aria-label", "scope", "value",
    }  # fmt: skip


@given(data=st.data(), text=HOSTILE.map("".join))
def test_doubts_add_marks_and_reasons_only(data: st.DataObject, text: str) -> None:
    places = st.integers(0, len(text))
    edges = sorted(data.draw(st.lists(places, max_size=8)))
    spans = zip(edges[::2], edges[1::2], strict=False)
    doubts = [Doubt(start, end, f"raison <{start}>") for start, end in spans]

    found = tags_of(answer_html(text, TARGETS, doubts=doubts))

    assert found.seen <= ALLOWED | {"mark", "span"}
    assert found.addresses <= {TARGETS[1].url + "#passage"}
    assert "\ufdd0" not in found.text
    assert "\ufdd1" not in found.text


def test_a_doubt_is_marked_and_followed_by_its_reason() -> None:
    text = "Le taux est de **45 %** [1]. La suite."

    markup = answer_html(text, TARGETS, doubts=[Doubt(0, 28, "« 45 % » manque")])

    assert tags_of(markup).text == (
        "Le taux est de 45 % [1]. ⚠ Non vérifié : « 45 % » manque. La suite."
    )
    assert '<strong><mark class="doubt">45 %</mark></strong>' in markup
    assert 'role="note">⚠ Non vérifié' in markup
    assert "La suite.</mark>" not in markup


def test_doubts_stay_with_their_words_in_lists_and_tables() -> None:
    text = "Voici :\n- un\n- deux\n\n| A | B |\n|---|---|\n| 1 | 2 |"
    one, row = text.index("un"), text.index("1 |")

    markup = answer_html(text, {}, doubts=[Doubt(one, one + 2, "r1"), Doubt(row, row + 5, "r2")])

    assert '<li><mark class="doubt">un</mark> <span' in markup
    assert "<li>deux</li>" in markup
    assert '<td><mark class="doubt">1</mark></td><td><mark class="doubt">2</mark> <span' in markup
    assert markup.index("r1") < markup.index("r2")


def test_what_stands_for_the_edge_of_a_doubt_is_no_text() -> None:
    assert tags_of(answer_html("a\ufdd0b\ufdd1c", {})).text == "a b c"


@given(st.text(alphabet="abcé $:~<>&\"'é_{}()!?€%", max_size=80))
def test_answer_html_shows_ordinary_characters_as_they_are(text: str) -> None:
    shown = tags_of(answer_html(text, {})).text

    assert shown.split() == text.lstrip("> ").split() or ">" in text


def test_answer_html_links_known_markers_only() -> None:
    markup = answer_html("Taux [1], plafond [2].", TARGETS)

    assert '<a class="cite" href="/api/v1/passages/c-1/view#passage" target="_blank"' in markup
    assert ">[1]</a>" in markup
    assert "plafond [2]." in markup


@pytest.mark.parametrize(
    "url",
    [
        "https://ailleurs.example/api/v1/x",
        "//ailleurs.example/api/v1/",
        "javascript:alert(1)",
        "/api/v1/x?y=1",
        "/api/v1/x?page=1&y=1",
        "/api/v1/x?page=un",
        "/api/auth/sign-out",
        "",
    ],
)
def test_answer_html_never_links_elsewhere(url: str) -> None:
    assert not is_view_url(url)
    assert "<a" not in answer_html("Taux [1]", {1: Target(url, "x")})


def test_answer_html_renders_blocks() -> None:
    text = "## Aides\nTexte **gras** et *penché*\n- un\n- deux\n  - sous [1]\n\n3. trois\n4. quatre"

    markup = answer_html(text, {})

    assert markup == (
        "<h5>Aides</h5><p>Texte <strong>gras</strong> et <em>penché</em></p>"
        "<ul><li>un</li><li>deux<ul><li>sous [1]</li></ul></li></ul>"
        '<ol><li value="3">trois</li><li value="4">quatre</li></ol>'
    )


def test_answer_html_renders_tables() -> None:
    markup = answer_html("| Taux | Plafond |\n|---|---:|\n| 30 % | 5 \\| 6 |", {})

    assert '<th scope="col">Taux</th>' in markup
    assert "<td>30 %</td><td>5 | 6</td>" in markup


def test_answer_html_keeps_streamlit_directives_as_text() -> None:
    text = "$x^2$ :red[rouge] :material/home: ~~barré~~ <b>x</b> https://a.b"

    assert tags_of(answer_html(text, {})).text == text


def test_plain_disarms_what_labels_would_interpret() -> None:
    label = plain("1. $x$ :red[a]\n*b* https://a.b www.c.d <i>")

    for live in ("$x$", ":red", "*b*", "://", "www.", "<i>", "\n"):
        assert live not in label.replace("\\$", "$\\") or live == "$x$"
    assert "\\$x\\$" in label
