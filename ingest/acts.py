"""The identity of an act as its own text tells it: number, authority, subject, standing, effects on others.

Nothing is guessed: what two places of the text tell differently, or what could belong to another act that
the text merely names, stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from ingest.articles import articles_changed, in_order
from ingest.cleaning import fold, one_line
from ingest.dates import dates_in
from ingest.model import Act, ActStatus, Block, DocumentKind, Effect, Reference
from ingest.sentences import split_sentences

_HEAD_CHARS = 4000
_MAX_SUBJECT_CHARS = 300
_MAX_QUOTE_CHARS = 300
_MAX_REFERENCES = 20
_MAX_CHARS = 400_000
"""Text searched for sentences on other acts: some 130 pages."""
_ACTS = frozenset({DocumentKind.DELIBERATION, DocumentKind.ARRETE})
_RULES = frozenset({DocumentKind.REGLEMENT, DocumentKind.CONVENTION, DocumentKind.SCHEMA})

_NUMBER = r"[A-Z]{0,6}[-_ ]?\d+[A-Z]?(?:[-_/. ]{1}(?=[A-Z]{0,4}\d)[A-Z]{0,4}\d+[A-Z]?){0,5}"
_WORD = (
    r"(d[ée]lib[ée]rations?|arr[êe]t[ée]s?|d[ée]cisions?|d[ée]crets?|circulaires?|conventions?|"
    r"r[èe]glements?|questions?)"
)
_SIGN = r"(?:n\s?[°ºo]s?|num[ée]ro)\s?:?\s?"
_OWN = re.compile(
    rf"^\W{{0,4}}(?:extrait\s[^\n]{{0,60}}\W)?{_WORD}(?:\s[^\W\d]+){{0,4}}\s*[-–:]?\s*{_SIGN}({_NUMBER})",
    re.IGNORECASE | re.MULTILINE,
)
_ALONE = re.compile(
    rf"^\W{{0,4}}(?:n\s?[°º]|num[ée]ro)(?:\s(?:de\sl['’]acte|d['’]ordre|de\sd[ée]lib[ée]ration))?\s?:?\s?({_NUMBER})\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_SUBJECT = re.compile(r"\bobjet\s?:\s*([^\n]+)", re.IGNORECASE)
_SUBJECT_END = re.compile(
    r"\s+(?=(?:L[ea]|Les|L['’])\s?(?:conseil|commission|maire|pr[ée]f|pr[ée]sident|comit[ée]|bureau|"
    r"assembl[ée]e)\b|(?:Vu|VU|Consid[ée]rant|CONSID[ÉE]RANT|Attendu|Rapporteure?|Monsieur|Madame|M\.|Mme)\b)"
)
_COLLEGES = {
    "commission permanente": "commission permanente",
    **{
        f"conseil {word}": f"conseil {accented}"
        for word, accented in (
            ("municipal", "municipal"),
            ("communautaire", "communautaire"),
            ("regional", "régional"),
            ("departemental", "départemental"),
            ("syndical", "syndical"),
            ("metropolitain", "métropolitain"),
        )
    },
}
_PERSONS = re.compile(
    r"^\W*(?:nous,? )?(?:le|la|monsieur le|madame la|madame le) (prefete?|maire|presidente?)\b",
    re.M,
)
_COLLEGE = re.compile("|".join(sorted(_COLLEGES, key=len, reverse=True)))
_PERSON_NAMES = {"prefet": "préfet", "prefete": "préfet", "maire": "maire"}
_DRAFT = re.compile(
    r"^\W*projet(?:\W*$|\s+(?:de|d['’])\s*(?:deliberation|arrete|convention|reglement|decision|avenant)\b)",
    re.MULTILINE,
)
_ABROGATED = re.compile(
    r"^\W*(?:(?:acte|document|texte|arrete|deliberation|reglement)\s+)?abrogee?(?:\W*$|\s+(?:le|par|depuis)\b)",
    re.MULTILINE,
)
_STATUS_CHARS = 600
_TO_FILL = re.compile(r"\{\{?[^{}\"\n;]{1,60}\}")
"""A place to be filled, as "{demandeur}"; in quotation marks it would be an example of code."""
_LEAST_TO_FILL = 5
_CHARS_PER_PLACE = 300
"""Real templates have a place every 47 to 92 characters, a standard with examples of code every 7,000."""
_FORCE = re.compile(
    r"(?:entre(?:nt|ra|ront)?\sen\svigueur|entr[ée]e\sen\svigueur\s?:?|(?:version|applicable)\sen\svigueur|"
    r"est\sapplicable|(?:s['’]applique(?:nt|ra)?)[^.;\n]{0,60})\s"
    r"(?:le|au|du|[àa]\scompter\sdu|[àa]\spartir\sdu|d[èe]s\sle)\s((?:[^.;\n]){6,30})",
    re.IGNORECASE,
)


def find_act(*, title: str, blocks: Sequence[Block], kind: DocumentKind, dated: date | None) -> Act:
    """What a document says of itself as an act.

    Args:
        title: Its title.
        blocks: All of it, in reading order.
        kind: Its administrative kind.
        dated: Its date, which is the act's when it is one.
    """
    text = "\n".join(block.text for block in blocks)[:_MAX_CHARS]
    head = text[:_HEAD_CHARS]
    word, number = _number(head, title=title, kind=kind)
    key = act_key(word, number=number) if number else ""
    is_act = kind in _ACTS or bool(key)
    return Act(
        number=number or None,
        key=key,
        authority=_authority(head) if is_act else None,
        subject=_subject(head),
        date=dated if is_act else None,
        status=_status(f"{title}\n{head[:_STATUS_CHARS]}", text=text),
        in_force_on=_in_force(text) if is_act or kind in _RULES else None,
        references=_references(text, own=key),
    )


def act_key(word: str, *, number: str) -> str:
    """One spelling for the many of an act's number: "Délibération", "2024/007" is "deliberation 2024-7".

    Args:
        word: "délibération", "arrêtés"…; singular and plural, accents and case do not count.
        number: As written.
    """
    parts = re.findall(r"\d+|[a-z]+", fold(number))
    plain = "-".join(part.lstrip("0") or "0" if part.isdigit() else part for part in parts)
    return f"{fold(word).rstrip('s')} {plain}"


def _number(head: str, *, title: str, kind: DocumentKind) -> tuple[str, str]:
    """The act's word and number, both empty when none or several could be its own."""
    of_title = _OWN.match(title)
    if of_title is not None:
        return of_title.group(1), _tidy(of_title.group(2))
    if kind not in _ACTS:
        return "", ""
    found = {
        act_key(match.group(1), number=match.group(2)): (match.group(1), _tidy(match.group(2)))
        for match in _OWN.finditer(head)
    }
    if not found:
        word = "deliberation" if kind is DocumentKind.DELIBERATION else "arrete"
        found = {match.group(1): (word, _tidy(match.group(1))) for match in _ALONE.finditer(head)}
    return next(iter(found.values())) if len(found) == 1 else ("", "")


def _tidy(number: str) -> str:
    return number.strip(" .-_/")


def _authority(head: str) -> str | None:
    """Who took the act: the first college named, unless a person opens a line before it."""
    folded = fold(head)
    college, person = _COLLEGE.search(folded), _PERSONS.search(folded)
    if person is not None and (college is None or person.start() < college.start()):
        return _PERSON_NAMES.get(person.group(1), "président")
    return _COLLEGES[college.group(0)] if college is not None else None


def _subject(head: str) -> str | None:
    found = _SUBJECT.findall(head)
    if len(found) != 1:
        return None
    words = one_line(_SUBJECT_END.split(found[0], maxsplit=1)[0]).strip(" .;,:|")
    return words if 5 <= len(words) <= _MAX_SUBJECT_CHARS else None


def _status(opening: str, *, text: str) -> ActStatus | None:
    places = len(_TO_FILL.findall(text))
    if places >= _LEAST_TO_FILL and len(text) <= places * _CHARS_PER_PLACE:
        return ActStatus.TEMPLATE
    folded = fold(opening)
    if _ABROGATED.search(folded):
        return ActStatus.ABROGATED
    return ActStatus.DRAFT if _DRAFT.search(folded) else None


def _in_force(text: str) -> date | None:
    """The only day on which the text says something enters into force, None when there are several."""
    days = {day for match in _FORCE.finditer(text) for day in dates_in(match.group(1))[:1]}
    return days.pop() if len(days) == 1 else None


_DAY = r"\d{1,2}(?:er)?\s[^\W\d]{3,9}\s\d{4}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}"
_REF = (
    rf"{_WORD}\s(?:[^\s.;:,«»]+\s){{0,5}}?{_SIGN}({_NUMBER})"
    rf"(?:\s(?:du|en\sdate\sdu)\s({_DAY}))?"
)
_REFERENCE = re.compile(_REF, re.IGNORECASE)
_NAMELESS = re.compile(
    r"\b(?:annul(?:e|ant)|abrog(?:e|eant))\set\sremplac(?:e|ant)\b", re.IGNORECASE
)
_PART = re.compile(
    r"\b(?:articles?|alin[ée]as?|annexes?|points?|dispositions|termes|titres?|chapitres?|paragraphes?)\b"
    r"[^.;]{0,60}?\bd(?:e\sla|e\sl['’]|u|es)\s?$",
    re.IGNORECASE,
)
_ADDITION = re.compile(
    r"\bsont\s(?:ajout|ins[ée]r|remplac|modifi|supprim|compl[ée]t)", re.IGNORECASE
)
_BEFORE = (
    (
        Effect.REPLACES,
        re.compile(
            r"\b(?:(?:abrog|annul)(?:e|ent|eant|ant)\set\s)?remplac(?:e|ent|ant|ement\sde)\b", re.I
        ),
    ),
    (
        Effect.ABROGATES,
        re.compile(
            r"\b(?:abrog(?:e|ent|eant|ation\sde|er)|annul(?:e|ent|ant|er)|rapport(?:e|er|ant)|retir(?:e|er|ant))\b",
            re.I,
        ),
    ),
    (
        Effect.MODIFIES,
        re.compile(
            r"\b(?:modifi(?:e|ent|ant|cation\sde|er)|compl[ée]t(?:e|ant|er)|amend(?:e|ant))\b", re.I
        ),
    ),
)
_AFTER = (
    (
        Effect.REPLACES,
        re.compile(r"(?:est|sont|et)\s(?:(?:abrog|annul)[ée]e?s?\set\s)?remplac[ée]e?s?\b", re.I),
    ),
    (Effect.ABROGATES, re.compile(r"(?:est|sont)\s(?:abrog|annul|rapport|retir)[ée]e?s?\b", re.I)),
    (
        Effect.MODIFIES,
        re.compile(r"(?:est|sont)\s(?:ainsi\s)?(?:modifi|compl[ée]t|amend)[ée]e?s?\b", re.I),
    ),
)
_DENIED = re.compile(
    r"(?:\bn['’]|\bne\s(?:pas\s|point\s|plus\s)?"
    r"|\b(?:refus|rejet|renon[cç])\w*\s(?:[^\s.;]+\s){0,4}?(?:à\s|d[e'’]\s?))$",
    re.IGNORECASE,
)
"""What stands right before a verb that changes nothing."""
_VISA = re.compile(
    r"(?:^|[;\n]|\s)(?:vu|visa|consid[ée]rant|attendu|rappel(?:le|ant)|conform[ée]ment)\b[^;\n]*$",
    re.IGNORECASE,
)
_VISA_CHARS = 1500
_OPENS_ACT = re.compile(r"\W*vu\s", re.IGNORECASE)
_NEAR_CHARS = 110
"""How far a verb may stand from the act it touches."""


def _references(text: str, *, own: str) -> tuple[Reference, ...]:
    """What the sentences do to other acts, each once, with all articles that the text says it changes.

    A sentence that changes articles and names no act goes on about the act changed before it, up to the
    visas of the next act.
    """
    found: dict[tuple[Effect, str], Reference] = {}
    current: Reference | None = None
    for start, end in split_sentences(text):
        sentence = text[start:end]
        for each in _touched(sentence, own=own):
            _keep(each, found=found)
            current = each if each.effect is Effect.MODIFIES else None
        if _OPENS_ACT.match(sentence):
            current = None
        if current is not None and not _REFERENCE.search(sentence):
            _keep(replace(current, articles=articles_changed(sentence)), found=found)
    return tuple(found.values())


def _keep(reference: Reference, *, found: dict[tuple[Effect, str], Reference]) -> None:
    if len(found) == _MAX_REFERENCES and (reference.effect, reference.key) not in found:
        return
    known = found.setdefault((reference.effect, reference.key), reference)
    articles = in_order({*known.articles, *reference.articles})
    found[reference.effect, reference.key] = replace(known, articles=articles)


def _touched(sentence: str, *, own: str) -> Iterator[Reference]:
    is_named = False
    previous_end = 0
    for match in _REFERENCE.finditer(sentence):
        is_named = True
        key = act_key(match.group(1), number=match.group(2))
        if key == own:
            continue
        is_same_line = "\n" not in sentence[previous_end : match.start()]
        effect = _effect(sentence, match=match, after=previous_end if is_same_line else 0)
        start, previous_end = previous_end, match.end()
        if effect is None:
            continue
        days = dates_in(match.group(3) or "")
        following = _REFERENCE.search(sentence, match.end())
        about = sentence[start : following.start() if following else None]
        yield Reference(
            effect=effect,
            key=key,
            date=days[0] if days else None,
            quote=_quote(sentence, around=match),
            articles=articles_changed(about) if effect is Effect.MODIFIES else (),
        )
    nameless = None if is_named else _NAMELESS.search(sentence)
    if nameless is not None:
        quote = _quote(sentence, around=nameless)
        yield Reference(effect=Effect.REPLACES, key="", date=None, quote=quote)


def _effect(sentence: str, *, match: re.Match[str], after: int) -> Effect | None:
    """What the sentence does to the act at a match; None when it only names it.

    Args:
        sentence: The whole of it.
        match: Where the act is named.
        after: End of the act named before it; a verb before that one belongs to it.
    """
    before = sentence[max(after, match.start() - _NEAR_CHARS) : match.start()]
    following = sentence[match.end() : match.end() + _NEAR_CHARS]
    if _VISA.search(sentence[max(0, match.start() - _VISA_CHARS) : match.start()]):
        return None
    if after and not re.fullmatch(r"\W*(?:et|ainsi que)?\W*(?:l[ae']\s?|les\s)?", before):
        is_other_subject = _first(_BEFORE, before) is not None
        if is_other_subject:
            return None
    if _PART.search(before):
        is_changed = (
            _first(_AFTER, following) or _first(_BEFORE, before) or _ADDITION.search(following)
        )
        return Effect.MODIFIES if is_changed else None
    return _first(_BEFORE, before) or _passive(following)


def _passive(following: str) -> Effect | None:
    """What happens to an act that is the subject of its sentence."""
    other = _REFERENCE.search(following)
    return _first(_AFTER, following[: other.start()] if other else following)


def _first(cues: Sequence[tuple[Effect, re.Pattern[str]]], text: str) -> Effect | None:
    return next((effect for effect, cue in cues if _affirmed(cue, text)), None)


def _affirmed(cue: re.Pattern[str], text: str) -> bool:
    """True when a verb stands there that is neither negated nor what somebody refuses to do."""
    return any(not _DENIED.search(text, 0, match.start()) for match in cue.finditer(text))


def _quote(sentence: str, *, around: re.Match[str]) -> str:
    """The sentence from the line of a match on, or what surrounds the match in a long one."""
    line = sentence.rfind("\n", 0, around.start()) + 1
    object_at = sentence.rfind("Objet", line, around.start())
    start = max(line, around.start() - 120, object_at)
    cut = sentence[start : start + _MAX_QUOTE_CHARS - 2]
    words = one_line(cut)
    lead = "…" if start > max(line, object_at) else ""
    return f"{lead}{words}{'…' if start + len(cut) < len(sentence) else ''}"[:_MAX_QUOTE_CHARS]
