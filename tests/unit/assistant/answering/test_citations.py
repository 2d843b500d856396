from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.citations import CitationParser
from assistant.answering.sanitizer import OutputSanitizer, sanitize
from tests.unit.assistant.answering.samples import cuts_of, two_pieces

COUNT = 8
Read = tuple[str, tuple[int, ...], tuple[int, ...]]


def read(pieces: list[str], *, count: int = COUNT) -> Read:
    parser = CitationParser(count=count)
    parts = [*map(parser.feed, pieces), parser.finish()]
    text = "".join(part.text for part in parts)
    markers = [marker for part in parts for marker in part.markers]
    assert text == parser.text
    assert all(text[: marker.end].endswith(f"[{marker.number}]") for marker in markers)
    removed = tuple(place for part in parts for place in part.removed)
    return text, tuple(marker.number for marker in markers), removed


@pytest.mark.parametrize(
    ("text", "expected", "markers"),
    [
        ("Taux de 50 % [1].", "Taux de 50 % [1].", (1,)),
        ("Vrai [1, 2] et [3].", "Vrai [1][2] et [3].", (1, 2, 3)),
        ("Vrai [1][2].", "Vrai [1][2].", (1, 2)),
        ("Vrai [1-3].", "Vrai [1][2][3].", (1, 2, 3)),
        ("Vrai [2 – 3].", "Vrai [2][3].", (2, 3)),
        ("Vrai [1 ; 2 et 4].", "Vrai [1][2][4].", (1, 2, 4)),
        ("Vrai 【1】.", "Vrai [1].", (1,)),
        ("Vrai 【2†source】.", "Vrai [2].", (2,)),
        ("Vrai [n° 1].", "Vrai [1].", (1,)),
        ("Vrai [N°2].", "Vrai [2].", (2,)),
        ("Vrai [Passage 1].", "Vrai [1].", (1,)),
        ("Vrai [passages 1 et 2].", "Vrai [1][2].", (1, 2)),
        ("Vrai [Source : 3].", "Vrai [3].", (3,)),
        ("Vrai [^1].", "Vrai [1].", (1,)),
        ("Vrai [1, p. 12].", "Vrai [1].", (1,)),
        ("Vrai [ 1 ].", "Vrai [1].", (1,)),
        ("Deux fois [2] et [2].", "Deux fois [2] et [2].", (2,)),
        ("Un tableau [voir annexe] [1].", "Un tableau [voir annexe] [1].", (1,)),
        ("Un [sic] et un [a1] et [].", "Un [sic] et un [a1] et [].", ()),
        ("Coupé net [1", "Coupé net", ()),
        ("Coupé net [voir", "Coupé net [voir", ()),
        ("[1] Début.", "[1] Début.", (1,)),
    ],
)
def test_every_way_to_cite_becomes_one(text: str, expected: str, markers: tuple[int, ...]) -> None:
    assert read([text]) == (expected, markers, ())
    assert all(read(pieces) == (expected, markers, ()) for pieces in two_pieces(text))


@pytest.mark.parametrize(
    ("text", "expected", "removed"),
    [
        ("Vrai [1]. Faux [99]. Fin.", "Vrai [1]. Faux. Fin.", (14,)),
        (
            "Adopté en [2024] par la Région.",
            "Adopté en par la Région.",
            (9,),
        ),
        ("Mêlé [1, 99].", "Mêlé [1].", (4,)),
        ("Collé[99]suite", "Collé suite", (5,)),
        ("Zéro [0] !", "Zéro !", (4,)),
        ("Plage [7-12].", "Plage [7][8].", (5,)),
        ("Années [2019-2024].", "Années.", (6,)),
        ("Une phrase. [99] Une autre.", "Une phrase. Une autre.", (11,)),
        ("[99] Début.", "Début.", (0,)),
        ("Double [98][99] ; suite [1].", "Double ; suite [1].", (6, 6)),
        ("Suite [99][2].", "Suite [2].", (5,)),
        ("Coupé [9", "Coupé", ()),
        ("Ligne [99]\nAutre.", "Ligne\nAutre.", (5,)),
    ],
)
def test_an_unknown_marker_never_reaches_the_reader(
    text: str, expected: str, removed: tuple[int, ...]
) -> None:
    shown, _, places = read([text])

    assert (shown, places) == (expected, removed)
    assert all(read(pieces)[::2] == (expected, removed) for pieces in two_pieces(text))


FRAGMENTS = st.sampled_from(
    [
        *"[]【】 0123456789.,;-\n^a",
        *(
            "[1]",
            "[2, 3]",
            "[99]",
            "n°",
            "Passage ",
            "passages",
            "et",
            " à ",
            "mot ",
            "p. ",
            "†",
            "voir",
        ),
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=40).map("".join)


@given(data=st.data(), text=TEXTS)
def test_any_cut_gives_the_same_text_and_markers(data: st.DataObject, text: str) -> None:
    assert read(data.draw(cuts_of(text))) == read([text])


@given(text=TEXTS)
def test_only_known_markers_are_shown(text: str) -> None:
    shown, markers, _ = read([text])

    numbers = [int(number) for number in re.findall(r"\[(\d+)\]", shown)]
    assert set(numbers) == set(markers)
    assert all(1 <= number <= COUNT for number in numbers)


@given(text=TEXTS)
def test_at_most_a_marker_and_its_spaces_are_held_back(text: str) -> None:
    parser = CitationParser(count=COUNT)
    fed = sum(len(piece) for piece in [text])
    sent = parser.feed(text).text
    parser.finish()

    rest = parser.text[len(sent) :]
    assert fed >= len(rest)
    assert len(rest.strip()) <= 50


def test_plain_text_is_sent_at_once() -> None:
    parser = CitationParser(count=COUNT)

    assert parser.feed("Bonjour").text == "Bonjour"
    assert parser.feed(" [région").text == " [région"


BOTH = st.lists(
    st.one_of(
        FRAGMENTS,
        st.sampled_from(
            [*"<>!()/:&\\", "www.", "http", "://", "x.fr", "<b>", "&#91;", "](", "[99]"]
        ),
    ),
    max_size=40,
).map("".join)


def test_an_unclosed_bracket_ends_the_same_whole_and_in_pieces() -> None:
    text = "[0et>†"

    assert read([text])[0] == read(list(text))[0] == text


@given(data=st.data(), text=BOTH)
def test_after_both_stages_no_address_and_no_unknown_marker_is_left(
    data: st.DataObject, text: str
) -> None:
    cleaned = sanitize(text, placeholder="[lien retiré]")
    shown, markers, _ = read([cleaned])

    assert not re.search(r"!\[|\]\(|\]:|<[A-Za-z/!?]", shown)
    assert not re.search(
        r"(?<![a-z0-9])(https?:\S|www\.\w)|[/\\]{2,}[A-Za-z0-9]", shown, re.IGNORECASE
    )
    assert {int(number) for number in re.findall(r"\[(\d+)\]", shown)} == set(markers)
    sanitizer, parser = OutputSanitizer(placeholder="[lien retiré]"), CitationParser(count=COUNT)
    streamed = [parser.feed(sanitizer.feed(piece)).text for piece in data.draw(cuts_of(text))]
    streamed += [parser.feed(sanitizer.finish()).text, parser.finish().text]
    assert "".join(streamed) == shown
