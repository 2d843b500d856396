"""Messages that ask nothing of the documents: greetings, thanks and goodbyes."""

from __future__ import annotations

import re

from assistant.answering.facts import flat

_OTHER_SIGNS = re.compile(r"[^a-z' -]+")
_ADDRESS = (
    r"(?: (?:a )?(?:tous|toutes|vous|toi|madame|monsieur|messieurs|mesdames|l'equipe|l'assistant))*"
)
_PARTING = (
    r"(?:au revoir|a bientot|a plus(?: tard)?|adieu|bon week-?end|bonne (?:journee|soiree|nuit))"
)
_THANKS = (
    r"(?:(?:un )?(?:grand )?merci(?: (?:beaucoup|bien|infiniment|d'avance|encore|mille fois))*"
    r"|mille mercis|je (?:vous|te) remercie(?: beaucoup)?|c'est (?:parfait|note|clair|gentil|super|tout)"
    r"|parfait|super|genial|tres bien|ok|okay|d'accord|entendu|bien compris|compris|impeccable)"
    r"(?: pour (?:(?:votre|ton|cette|ces|vos|la|les) (?:aide|reponses?|precisions?|informations?)|tout))?"
)
_GREETING = (
    r"(?:(?:re-?)?bonjour|bonsoir|salut|coucou|hello|bjr|enchantee?|(?:comment )?ca va"
    r"|comment (?:allez-vous|vas-tu)|vous allez bien)"
)
_KINDS = {
    code: re.compile(rf"(?:{said}){_ADDRESS}(?=\s|\Z)")
    for code, said in (
        ("courtesy_goodbye", _PARTING), ("courtesy_thanks", _THANKS), ("courtesy_greeting", _GREETING),
    )
}  # fmt: skip
_LONGEST_CHARS = 120


def courtesy_code(text: str) -> str | None:
    """Code of the sentence that answers a message of mere courtesy; None when it holds anything else.

    A goodbye weighs more than thanks, thanks more than a greeting: « merci et bonne journée ».
    """
    if len(text) > _LONGEST_CHARS:
        return None
    rest, said = " ".join(_OTHER_SIGNS.sub(" ", flat(text)).split()), set[str]()
    while rest:
        found = {code: match for code, form in _KINDS.items() if (match := form.match(rest))}
        if not found:
            return None
        code, match = next(iter(found.items()))
        said.add(code)
        rest = rest[match.end() :].strip(" -").removeprefix("et ")
    return next((code for code in _KINDS if code in said), None)
