"""What is asked, without the forms of politeness around it: they must not weigh in a search."""

from __future__ import annotations

import re

from assistant.answering.terms import terms

_TITLE = (
    r"(?:madame|monsieur|mesdames|messieurs|mesdemoiselles|chère?s?\s+collègues?|à\s+toutes|à\s+tous|et\s+à\s+tous)"
    r"(?:\s+(?:le|la|les)\s+(?:maires?|présidente?s?|directeurs?|directrices?|préfète?s?|élue?s?))?"
)
_OPENING = re.compile(
    rf"\A(?:(?:re-?)?(?:bonjour|bonsoir|salut|coucou)\b(?:\s+{_TITLE}\b)*[\s,;.!]*|{_TITLE}\s*[,;.!]\s*)+",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?<=[?.!…])|(?<=\n))\s*(?:(?:je\s+vous\s+prie|veuillez)\s+(?:d['’]|de\s+)?(?:agréer|croire|recevoir|accepter)\b|"
    r"dans\s+l['’]attente\b|en\s+vous\s+remerciant\b|avec\s+mes\s+remerciements\b|"
    r"(?:je\s+(?:vous|te)\s+remercie|(?:un\s+grand\s+)?merci)"
    r"(?:\s+(?:beaucoup|bien|infiniment|d['’]avance|par\s+avance|pour\s+(?:votre|vos|ton)\s+\w+))*\s*(?:[.,;!]|\Z|\n)|"
    r"(?:(?:bien\s+)?cordialement|cordiales\s+salutations|respectueusement|salutations|bien\s+à\s+vous|"
    r"bonne\s+(?:journée|soirée)|s['’]il\s+(?:vous|te)\s+pla[iî]t|svp|stp)\s*(?:[.,;!]|\Z|\n))[^?]*\Z",
    re.IGNORECASE,
)
"""After a question; « Merci de m'indiquer… » asks, and is none."""
_ANNOUNCED = re.compile(r"\A(?P<before>[^?:]{3,300}?)\s*:\s+(?P<asked>\S.*\?.*)\Z", re.DOTALL)
_PERSON = re.compile(
    r"\b(?:[Mm]adame|[Mm]onsieur|Mme|Mlle|M\.|Dr|s['’]appelle)\s+(?:[A-ZÀ-Ý][\w'’-]+\s*)+"
)
_ANNOUNCING = frozenset(
    terms(
        "madame monsieur mesdames messieurs honneur solliciter bienveillance bienveillant haute attention "
        "renseignement renseigner information informer question interrogation interroger demande demander "
        "suivante ci-dessous ci-après savoir connaître apprendre obtenir poser adresser permets permettre "
        "souhaite souhaiterais souhaiter aimerais aimer voudrais vouloir désire désirer prie prier gré "
        "saurais reconnaissant reconnaissante obligé obligée voici voilà besoin aide-moi aidez répondre "
        "réponse bonjour bonsoir merci bien personne quelqu'un usager usagère administré administrée habitant "
        "habitante agent agente collègue collectivité"
    )
)


def without_politeness(text: str) -> str:
    """A message without its greeting, the words that only announce a question, and its closing.

    « J'ai l'honneur de solliciter le renseignement suivant : quel est le plafond ? Je vous prie… »
    gives « quel est le plafond ? »; what tells a subject or who asks stays. Politeness alone stays too.
    """
    whole = text.strip()
    unclosed = _CLOSING.sub("", whole)
    asked = _OPENING.sub("", unclosed if "?" in unclosed else whole).strip()
    announced = _ANNOUNCED.match(asked)
    if announced and set(terms(_PERSON.sub(" ", announced["before"]))) <= _ANNOUNCING:
        asked = announced["asked"]
    return asked if terms(asked) else whole
